"""A member's peers: people who helped them or whom they helped, and whom they met."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from bot.home.section import HomeContext
from bot.people import circle_mates, exclusions, two_people
from bot.people.blocks import Mate, Peers
from bot.people.rules import Vocabulary
from bot.slack.text import ANONYMOUS, to_plain
from bot.workspace import members
from models import Answer, Ask, Member, PeerMeeting

# The newest answers are looked at.
_MAX_ANSWERS = 500


def load(context: HomeContext) -> Peers:
    """Return a member's peers, by topics of asks that the member may see.

    Nobody else sees them. The number of statements is always the same.

    1. They asked and the other's answer helped, or the other way round. A topic is one
       that the ask names, or that is a word of its title.
    2. They met in a pair or a circle, or are in a circle together.
    3. People whom the member wants no match with are left out, and those who left.
    """
    tx, member = context.tx, context.member
    rows = tx.session.execute(_helped(context).limit(_MAX_ANSWERS)).all()
    met = _ids(context, two_people.others_with(tx, _MEETING, member))
    in_circles = set(tx.session.scalars(circle_mates.mates_of(tx, member)))
    helped = {_other(row, member) for row in rows}
    mates = _mates(context, helped | met | in_circles)
    vocabulary = Vocabulary(
        topic
        for topics in (
            context.settings.topics_known,
            context.settings.topics_wanted,
            *(row.topics for row in rows),
        )
        for topic in topics
    )
    by_topic: dict[str, set[str]] = {}
    without: set[str] = set()
    for row in rows:
        topics = vocabulary.topics_of(row.topics, to_plain(row.title))
        for topic in sorted(topics):
            by_topic.setdefault(topic, set()).add(_other(row, member))
        if not topics:
            without.add(_other(row, member))
    lines = [(topic, _in_order(mates, ids)) for topic, ids in by_topic.items()]
    return Peers(
        [(topic, people) for topic, people in lines if people],
        _in_order(mates, without - set().union(*by_topic.values())),
        met=_in_order(mates, met),
        in_circles=_in_order(mates, in_circles - met),
    )


def has_any(context: HomeContext) -> bool:
    """Return True if a member has helped, was helped, or has met someone."""
    met = [PeerMeeting.member == context.member, PeerMeeting.other == context.member]
    query = select(
        or_(
            _helped(context).exists(),
            select(PeerMeeting.member)
            .where(PeerMeeting.installation_id == context.tx.workspace.id, or_(*met))
            .exists(),
        )
    )
    return bool(context.tx.session.scalar(query))


_MEETING = PeerMeeting.member, PeerMeeting.other


def _helped(context: HomeContext) -> Any:
    """Select asks of the member and of people whom they helped, the newest first."""
    is_theirs: ColumnElement[bool] = or_(
        Answer.author == context.member, Ask.asker == context.member
    )
    return (
        select(Ask.asker, Answer.author, Ask.topics, Ask.title)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Ask.installation_id == context.tx.workspace.id,
            is_theirs,
            Answer.author != Ask.asker,
            Answer.is_deleted.is_(False),
            Answer.is_solution.is_(True) | (Answer.helpful_count > 0),
            Ask.deleted_at.is_(None),
            # Nobody knows whom they helped.
            Ask.asker != ANONYMOUS,
            Ask.channel_id.in_(context.visible_channels),
        )
        .order_by(Ask.id.desc(), Answer.id)
    )


def _other(row: Any, member: str) -> str:
    other: str = row.author if row.asker == member else row.asker
    return other


def _ids(context: HomeContext, queries: Iterable[Any]) -> set[str]:
    first, second = queries
    return set(context.tx.session.scalars(first.union(second)))


def _mates(context: HomeContext, ids: Collection[str]) -> dict[str, Mate]:
    """Return those of the people who are here, and whom the member may meet."""
    tx = context.tx
    here = tx.session.scalars(
        select(Member.slack_id).where(
            Member.installation_id == tx.workspace.id,
            Member.slack_id.in_(ids),
            Member.is_bot.is_(False),
            Member.is_external.is_(False),
            Member.is_deactivated.is_(False),
            Member.erased_at.is_(None),
        )
    )
    shown = set(here) - set(exclusions.excluded(tx, context.member))
    names = members.names(tx, shown)
    return {each: Mate(each, names[each]) for each in shown}


def _in_order(mates: dict[str, Mate], ids: Iterable[str]) -> Sequence[Mate]:
    known = [mates[each] for each in ids if each in mates]
    return sorted(known, key=lambda mate: (mate.name.casefold(), mate.id))
