"""People who joined a channel lately, so that a champion can say hello."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from slack_sdk.models.blocks import ButtonElement
from sqlalchemy import ColumnElement, delete, select, update

from bot.clock import datetime_to_micros
from bot.db.statements import upsert
from bot.onboarding import blocks
from bot.onboarding.contacts import Contact
from bot.onboarding.service import is_newcomer
from bot.runtime import Transaction
from bot.slack.text import direct_message_url, format_recent_day
from bot.worklist.kind import Candidate, WorkItemKind
from bot.worklist.view import WorkItemView
from bot.workspace import channels, members
from models import Answer, Ask, Channel, Member, MessageCount, Newcomer, WorkItem

# By then others may have said hello.
_AFTER = timedelta(days=1)
# Later, a greeting is no longer one.
KEPT_FOR = timedelta(days=14)


def record(tx: Transaction, slack_channel: str, member: str, *, at: datetime) -> None:
    """Store that a person joined a channel that the bot was already in."""
    channel = channels.find(tx, slack_channel)
    if channel is None or not channel.is_joined:
        return
    if not is_newcomer(at, channel.bot_joined_at) or at <= tx.now - KEPT_FOR:
        return
    if members.is_before_erasure(tx, member, event_micros=datetime_to_micros(at)):
        return
    members.ensure(tx, [member])
    tx.session.execute(
        upsert(tx.session, Newcomer)
        .values(channel_id=channel.id, member=member, joined_at=at)
        .on_conflict_do_nothing()
    )


def forget(tx: Transaction, slack_channel: str, member: str, *, at: datetime) -> None:
    """Delete the row of a person who left again."""
    channel = channels.find(tx, slack_channel)
    if channel is not None:
        tx.session.execute(
            delete(Newcomer).where(
                Newcomer.channel_id == channel.id,
                Newcomer.member == member,
                Newcomer.joined_at <= at,
            )
        )


def notice(tx: Transaction, contacts: AbstractSet[Contact]) -> None:
    """Store that people wrote to newcomers, or reacted to them, in whatever channel."""
    waiting = tx.session.scalars(
        select(Newcomer.member)
        .join(Channel, Channel.id == Newcomer.channel_id)
        .where(
            Channel.installation_id == tx.workspace.id, Newcomer.noticed_at.is_(None)
        )
        .distinct()
    ).all()
    noticed = {person for _, person in contacts} & {*waiting}
    if noticed:
        in_workspace = select(Channel.id).where(
            Channel.installation_id == tx.workspace.id
        )
        tx.session.execute(
            update(Newcomer)
            .where(
                Newcomer.channel_id.in_(in_workspace),
                Newcomer.member.in_(noticed),
                Newcomer.noticed_at.is_(None),
            )
            .values(noticed_at=tx.now)
        )


def _is_unnoticed(tx: Transaction) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that nobody wrote to them, and that they did nothing.

    Someone may have greeted them where the bot sees nothing: see `contacts`. A message
    that is neither an ask nor an answer does not count as theirs; but a person who
    wrote before they joined is not new.
    """
    askers = select(Ask.asker).where(Ask.installation_id == tx.workspace.id)
    authors = (
        select(Answer.author)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(Ask.installation_id == tx.workspace.id)
    )
    here = select(Channel.id).where(Channel.installation_id == tx.workspace.id)
    noticed = select(Newcomer.member).where(
        Newcomer.noticed_at.is_not(None), Newcomer.channel_id.in_(here.correlate(None))
    )
    wrote_before = select(MessageCount.member).where(
        MessageCount.day < (tx.now - KEPT_FOR).date(),
        MessageCount.channel_id.in_(here.correlate(None)),
    )
    return [
        Channel.installation_id == tx.workspace.id,
        Newcomer.member.not_in(noticed.correlate(None)),
        Newcomer.member.not_in(wrote_before),
        Newcomer.joined_at > tx.now - KEPT_FOR,
        Member.fetched_at.is_not(None),
        Member.is_external.is_(False),
        Member.is_bot.is_(False),
        Member.is_deactivated.is_(False),
        Newcomer.member.not_in(askers),
        Newcomer.member.not_in(authors),
    ]


def _find(tx: Transaction) -> Sequence[Candidate]:
    rows = tx.session.execute(
        select(Newcomer.member, Newcomer.channel_id, Newcomer.joined_at)
        .join(Channel, Channel.id == Newcomer.channel_id)
        .join(
            Member,
            (Member.installation_id == Channel.installation_id)
            & (Member.slack_id == Newcomer.member),
        )
        .where(*_is_unnoticed(tx), Newcomer.joined_at <= tx.now - _AFTER)
        .order_by(Newcomer.joined_at, Newcomer.member, Newcomer.channel_id)
    )
    return [
        Candidate(row.member, row.channel_id, row.joined_at, about=row.member)
        for row in rows
    ]


def _still_open(tx: Transaction, items: Sequence[WorkItem]) -> Collection[int]:
    rows = tx.session.execute(
        select(Newcomer.channel_id, Newcomer.member)
        .join(Channel, Channel.id == Newcomer.channel_id)
        .join(
            Member,
            (Member.installation_id == Channel.installation_id)
            & (Member.slack_id == Newcomer.member),
        )
        .where(*_is_unnoticed(tx), Newcomer.member.in_({i.subject for i in items}))
    )
    unnoticed = {(row.channel_id, row.member) for row in rows}
    return {item.id for item in items if (item.channel_id, item.subject) in unnoticed}


def _render(tx: Transaction, items: Sequence[WorkItem]) -> Mapping[int, WorkItemView]:
    names = members.names(tx, [item.subject for item in items])
    rows = tx.session.execute(
        select(Newcomer, Channel)
        .join(Channel, Channel.id == Newcomer.channel_id)
        .where(
            Newcomer.channel_id.in_({item.channel_id for item in items}),
            Newcomer.member.in_({item.subject for item in items}),
        )
    )
    joined = {
        (newcomer.channel_id, newcomer.member): (newcomer, channel)
        for newcomer, channel in rows
    }
    views: dict[int, WorkItemView] = {}
    for item in items:
        row = joined.get((item.channel_id, item.subject))
        if row is None or item.champion is None:
            continue
        newcomer, channel = row
        zone = members.zone(tx, item.champion)
        parts, reason = blocks.say_hello(
            names[item.subject],
            (channel.slack_id, channel.name),
            format_recent_day(newcomer.joined_at, tx.now, zone),
        )
        url = direct_message_url(tx.workspace.team_id, item.subject)
        views[item.id] = WorkItemView(
            parts,
            reason,
            [
                ButtonElement(
                    text=f"Write to {names[item.subject]}"[:75],
                    action_id="work_hello",
                    url=url,
                )
            ],
            frozenset({item.subject}),
        )
    return views


def purge(tx: Transaction) -> None:
    """Delete the rows of people who joined long ago."""
    in_workspace = select(Channel.id).where(Channel.installation_id == tx.workspace.id)
    tx.session.execute(
        delete(Newcomer).where(
            Newcomer.channel_id.in_(in_workspace),
            Newcomer.joined_at <= tx.now - KEPT_FOR,
        )
    )


SAY_HELLO = WorkItemKind(
    name="say_hello",
    position=10,
    # After many joined, asks that wait still find a champion.
    most_per_week=3,
    find=_find,
    still_open=_still_open,
    render=_render,
)
