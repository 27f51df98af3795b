"""Answers: recorded from threads and reactions; what they make of an ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.answers import outcomes, registers
from bot.answers.registers import Place
from bot.clock import micros, moment
from bot.db import table
from bot.members import service as members
from bot.members.rules import is_lead
from bot.runtime import Workspace
from models import Answer, Ask, Champion, Channel, Member, Reaction

# A reply that reaches us later than this may have been reacted to before.
LATE = timedelta(seconds=1)

_members, _champions, _channels = table(Member), table(Champion), table(Channel)
_LEAD = (
    select(
        _members.c.is_admin,
        _members.c.is_stranger,
        _members.c.is_bot,
        _members.c.is_deactivated,
        _champions.c.member.is_not(None).label("is_champion"),
    )
    .outerjoin_from(
        _members,
        _champions,
        and_(
            _champions.c.channel_id == bindparam("channel_id"),
            _champions.c.member == _members.c.slack_id,
        ),
    )
    .where(
        _members.c.installation_id == bindparam("installation_id"),
        _members.c.slack_id == bindparam("member"),
        _members.c.looked_up_at.is_not(None),
    )
)

_ANSWERER = (
    select(_channels.c.capture, _members.c.is_bot)
    .outerjoin_from(
        _channels,
        _members,
        and_(
            _members.c.installation_id == _channels.c.installation_id,
            _members.c.slack_id == bindparam("author"),
        ),
    )
    .where(_channels.c.id == bindparam("channel_id"))
)


@dataclass(frozen=True, slots=True)
class Reacted:
    """One person's action with one emoji on one message."""

    member: str
    channel: str
    ts: str
    emoji: str
    at_us: int
    is_present: bool


def react(
    session: Session,
    workspace: Workspace,
    place: Place,
    seen: Reacted,
    *,
    now: datetime,
) -> None:
    """Record a reaction or its removal, and what it changes."""
    if place.ask_id is None and place.is_capturing:
        registers.hold_channel(session, place.channel_id)
        place = registers.locate(session, workspace.id, seen.channel, seen.ts) or place
    if place.ask_id is None and not place.is_capturing:
        return
    ask = outcomes.hold(session, place.ask_id) if place.ask_id is not None else None
    meaning = place.meaning(seen.emoji)
    if meaning is None:
        _take_back(session, place, seen, now=now)
        return
    is_new = registers.set_reaction(
        session,
        channel_id=place.channel_id,
        ask_id=place.ask_id,
        ts=seen.ts,
        member=seen.member,
        name=seen.emoji,
        meaning=meaning,
        is_present=seen.is_present,
        at_us=seen.at_us,
        is_lead=_standing(session, workspace.id, place.channel_id, seen.member),
        now=now,
    )
    if not is_new or ask is None:
        return
    if meaning == "helpful":
        outcomes.recount(session, ask, seen.ts, now=now)
    else:
        outcomes.resettle(session, ask.id, now=now, show=meaning in {"looking", "same"})


def _take_back(session: Session, place: Place, seen: Reacted, *, now: datetime) -> None:
    """Undo a mark whose emoji the channel has given up since it was made."""
    if seen.is_present:
        return
    was_there = registers.drop_reaction(
        session,
        channel_id=place.channel_id,
        ts=seen.ts,
        member=seen.member,
        name=seen.emoji,
        at_us=seen.at_us,
    )
    if was_there and place.ask_id is not None:
        outcomes.resettle(session, place.ask_id, now=now, show=True)


def _standing(
    session: Session, installation_id: int, channel_id: int, slack_id: str
) -> bool | None:
    """Whether the person acts for askers in the channel; None while unknown."""
    known = _lead(session, installation_id, channel_id, slack_id)
    if known is None:
        # Facts may be arriving at this moment: either they see what we write, or
        # we see them.
        members.hold(session, installation_id, slack_id)
        known = _lead(session, installation_id, channel_id, slack_id)
    return known


def _lead(
    session: Session, installation_id: int, channel_id: int, slack_id: str
) -> bool | None:
    known = session.execute(
        _LEAD,
        {
            "installation_id": installation_id,
            "channel_id": channel_id,
            "member": slack_id,
        },
    ).first()
    return None if known is None else is_lead(**known._asdict())


def reply(
    session: Session,
    workspace: Workspace,
    ask: Ask,
    *,
    ts: str,
    author: str,
    now: datetime,
) -> None:
    """Record a reply in an ask's thread by somebody other than its asker."""
    known = session.execute(
        _ANSWERER, {"channel_id": ask.channel_id, "author": author}
    ).one()
    if author == ask.asker or known.is_bot:
        return
    state = outcomes.hold(session, ask.id).state
    if not registers.add_answer(
        session, ask_id=ask.id, channel_id=ask.channel_id, ts=ts, author=author
    ):
        return
    if known.is_bot is None:
        members.note(session, workspace.id, [author])
    if known.capture != "off":
        channel = session.get_one(Channel, ask.channel_id)
        registers.claim_reactions(session, ask, channel, [ts])
    elif now - moment(ts) > LATE:
        channel = session.get_one(Channel, ask.channel_id)
        read_thread(session, ask, channel, now=now)
    # A reply that nobody has marked can only make an open ask an answered one.
    if known.capture != "off" or state == "open":
        outcomes.resettle(session, ask.id, now=now)


def remove_reply(session: Session, place: Place, *, ts: str, now: datetime) -> None:
    if place.ask_id is None:
        return
    outcomes.hold(session, place.ask_id)
    if registers.remove_answer(session, place.channel_id, ts):
        outcomes.resettle(session, place.ask_id, now=now)


def read_thread(session: Session, ask: Ask, channel: Channel, *, now: datetime) -> None:
    """Ask for a look at the thread, for what happened there unheard."""
    outbox.refresh(
        session,
        "thread.read",
        ask.id,
        channel.slack_id,
        installation_id=ask.installation_id,
        now=now,
    )


def take_in_thread(
    session: Session,
    workspace: Workspace,
    ask: Ask,
    messages: Iterable[Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Record the replies and reactions of a thread as Slack shows it."""
    channel = session.get_one(Channel, ask.channel_id)
    for message in messages:
        take_in(session, workspace, ask, channel, message, now=now)
    outcomes.resettle(session, ask.id, now=now, show=True)


def take_in(
    session: Session,
    workspace: Workspace,
    ask: Ask,
    channel: Channel,
    message: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """Record one message of the ask's thread, and its reactions. Tells nobody.

    Slack does not say when somebody reacted. A reaction counts from its message's
    time, so that anything heard of by an event is later and stands.
    """
    ts = str(message["ts"])
    if ts != ask.ts:
        if not is_by_human(message, workspace):
            return
        author = str(message["user"])
        if author == ask.asker or members.is_bot(session, workspace.id, author):
            return
        members.note(session, workspace.id, [author])
        registers.add_answer(
            session, ask_id=ask.id, channel_id=channel.id, ts=ts, author=author
        )
    reactions = message.get("reactions") or []
    if not reactions:
        return
    place = registers.locate(session, workspace.id, channel.slack_id, ts)
    for reaction in reactions:
        meaning = place.meaning(reaction["name"]) if place else None
        if place is None or meaning is None:
            continue
        for member in reaction["users"]:
            if member == workspace.bot_user_id:
                continue
            registers.set_reaction(
                session,
                channel_id=channel.id,
                ask_id=place.ask_id,
                ts=ts,
                member=member,
                name=reaction["name"],
                meaning=meaning,
                is_present=True,
                at_us=micros(ts),
                is_lead=_standing(session, workspace.id, channel.id, member),
                now=now,
            )


# What a person writes; the other subtypes are Slack's or a bot's.
HUMAN_SUBTYPES = {None, "file_share", "me_message", "thread_broadcast"}


def is_by_human(message: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether a person wrote the message, as far as the message itself tells."""
    return (
        message.get("subtype") in HUMAN_SUBTYPES
        and not message.get("bot_id")
        and bool(message.get("user"))
        and message["user"] not in {members.SLACKBOT, workspace.bot_user_id}
    )


def reconsider(session: Session, member: Member, *, now: datetime) -> None:
    """Facts about a person have arrived: what they did before counts accordingly."""
    touched = session.scalars(
        registers.lock_reactions()
        .join(Channel, Channel.id == Reaction.channel_id)
        .where(
            Channel.installation_id == member.installation_id,
            Reaction.member == member.slack_id,
            Reaction.is_lead.is_(None),
        )
    ).all()
    asks = {reaction.ask_id for reaction in touched if reaction.ask_id}
    for reaction in touched:
        reaction.is_lead = members.is_lead(session, reaction.channel_id, member)
    if member.is_bot:
        asks |= set(_drop_answers(session, member))
    session.flush()
    for ask_id in sorted(asks):
        outcomes.resettle(session, ask_id, now=now, show=True)


def _drop_answers(session: Session, bot: Member) -> Iterable[int]:
    """What turns out to be written by a bot was no answer."""
    channels = select(Channel.id).filter_by(installation_id=bot.installation_id)
    touched = session.scalars(
        select(Answer.ask_id)
        .where(Answer.author == bot.slack_id, Answer.channel_id.in_(channels))
        .distinct()
    ).all()
    for ask_id in sorted(touched):
        outcomes.hold(session, ask_id)
    return session.scalars(
        update(Answer)
        .where(Answer.author == bot.slack_id, Answer.channel_id.in_(channels))
        .values(is_deleted=True)
        .returning(Answer.ask_id)
    ).all()
