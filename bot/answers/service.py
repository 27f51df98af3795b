"""Answers: recorded from threads and reactions; what they make of an ask."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, bindparam, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.answers import outcomes, registers
from bot.answers.registers import Place, Register
from bot.clock import micros, micros_of, moment
from bot.db import table
from bot.members import service as members
from bot.members.rules import is_lead
from bot.runtime import Workspace
from bot.text import is_forgotten
from models import Answer, Ask, Champion, Channel, Member, Reaction

# A reply that reaches us later than this may have been reacted to before.
LATE = timedelta(seconds=1)

_members, _champions, _channels = table(Member), table(Champion), table(Channel)
_KNOWN = select(_members.c.slack_id, _members.c.is_bot, _members.c.counts_from).where(
    _members.c.installation_id == bindparam("installation_id"),
    _members.c.slack_id.in_(bindparam("people", expanding=True)),
)
_CAPTURING = select(_channels.c.id).where(
    _channels.c.id.in_(bindparam("ids", expanding=True)), _channels.c.capture != "off"
)

# A row for each channel that somebody is a champion of; one for who is of none.
_LEADS = (
    select(
        _members.c.slack_id,
        _members.c.is_admin,
        _members.c.is_stranger,
        _members.c.is_bot,
        _members.c.is_deactivated,
        _members.c.counts_from,
        _champions.c.channel_id,
    )
    .outerjoin_from(
        _members,
        _champions,
        and_(
            _champions.c.channel_id.in_(bindparam("channel_ids", expanding=True)),
            _champions.c.member == _members.c.slack_id,
        ),
    )
    .where(
        _members.c.installation_id == bindparam("installation_id"),
        _members.c.slack_id.in_(bindparam("members", expanding=True)),
        _members.c.looked_up_at.is_not(None),
    )
)

_ANSWERER = (
    select(_channels.c.capture, _members.c.is_bot, _members.c.counts_from)
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


def react_all(
    session: Session,
    workspace: Workspace,
    reacted: Sequence[tuple[Place, Reacted]],
    *,
    now: datetime,
) -> None:
    """Record reactions and their removals, and what they change."""
    helpful: list[tuple[Place, Reacted]] = []
    others: list[tuple[Place, Reacted]] = []
    for place, seen in reacted:
        is_helpful = place.answer_id and place.meaning(seen.emoji) == "helpful"
        (helpful if is_helpful else others).append((place, seen))
    _mark_helpful(session, workspace, helpful, now=now)
    for place, seen in others:
        react(session, workspace, place, seen, now=now)
        session.flush()
        # The next reads the rows anew, as in a transaction of its own.
        session.expunge_all()


def _mark_helpful(
    session: Session,
    workspace: Workspace,
    marked: Sequence[tuple[Place, Reacted]],
    *,
    now: datetime,
) -> None:
    """Record marks that change nothing but whom an answer helped."""
    if not marked:
        return
    asks = outcomes.hold_all(
        session, {place.ask_id for place, _ in marked if place.ask_id}
    )
    standings = _standings(
        session,
        workspace.id,
        {(place.channel_id, seen.member) for place, seen in marked},
    )
    changed = registers.set_reactions(
        session,
        [
            _register(place, seen, "helpful", standing)
            for place, seen in marked
            for standing in [standings[place.channel_id, seen.member]]
            if not _is_mark_of_before(session, workspace, seen, standing)
        ],
        now=now,
    )
    where = {(mark.channel_id, mark.ts) for mark in changed}
    answers = {
        place.answer_id
        for place, seen in marked
        if place.answer_id and (place.channel_id, seen.ts) in where
    }
    outcomes.recount(session, workspace.id, asks, answers, now=now)


class _Standing(NamedTuple):
    """Whether somebody acts for askers; since when they count, if they came back."""

    is_lead: bool
    counts_from: datetime | None


def _is_mark_of_before(
    session: Session, workspace: Workspace, seen: Reacted, standing: _Standing | None
) -> bool:
    """Whether a mark that comes late is of before its giver was forgotten."""
    if standing is None:
        return members.was_forgotten(
            session, workspace.id, seen.member, at_us=seen.at_us
        )
    since = standing.counts_from
    return since is not None and seen.at_us <= micros_of(since)


def _register(
    place: Place, seen: Reacted, meaning: str, standing: _Standing | None
) -> Register:
    return Register(
        channel_id=place.channel_id,
        ask_id=place.ask_id,
        ts=seen.ts,
        member=seen.member,
        emoji=seen.emoji,
        meaning=meaning,
        is_present=seen.is_present,
        at_us=seen.at_us,
        is_lead=standing.is_lead if standing else None,
    )


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
    standing = _standing(session, workspace.id, place.channel_id, seen.member)
    if _is_mark_of_before(session, workspace, seen, standing):
        return
    mark = _register(place, seen, meaning, standing)
    is_new = bool(registers.set_reactions(session, [mark], now=now))
    if not is_new or ask is None:
        return
    if meaning == "helpful" and place.answer_id is not None:
        outcomes.recount(
            session, workspace.id, {ask.id: ask}, [place.answer_id], now=now
        )
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
) -> _Standing | None:
    """What the person is in the channel; None while unknown."""
    one = (channel_id, slack_id)
    return _standings(session, installation_id, [one])[one]


def _standings(
    session: Session, installation_id: int, people: Collection[tuple[int, str]]
) -> Mapping[tuple[int, str], _Standing | None]:
    """What each is in the channel; None while unknown."""
    known = _leads(session, installation_id, people)
    unknown = sorted({member for one, member in people} - {m for _, m in known})
    for slack_id in unknown:
        # Facts may be arriving at this moment: either they see what we write, or
        # we see them.
        members.hold(session, installation_id, slack_id)
    if unknown:
        known = _leads(session, installation_id, people)
    return {person: known.get(person) for person in people}


def _leads(
    session: Session, installation_id: int, people: Collection[tuple[int, str]]
) -> dict[tuple[int, str], _Standing]:
    found = session.execute(
        _LEADS,
        {
            "installation_id": installation_id,
            "channel_ids": list({channel_id for channel_id, _ in people}),
            "members": list({member for _, member in people}),
        },
    ).all()
    champions = {(row.channel_id, row.slack_id) for row in found}
    facts = {row.slack_id: row for row in found}
    return {
        (channel_id, member): _Standing(
            is_lead(
                is_admin=facts[member].is_admin,
                is_champion=(channel_id, member) in champions,
                is_stranger=facts[member].is_stranger,
                is_bot=facts[member].is_bot,
                is_deactivated=facts[member].is_deactivated,
            ),
            facts[member].counts_from,
        )
        for channel_id, member in people
        if member in facts
    }


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
    if known.counts_from and _is_of_before(session, workspace, author, ts):
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


@dataclass(frozen=True, slots=True)
class Said:
    """A reply in the thread of an ask that we know."""

    place: Place
    ask_id: int
    ts: str
    author: str


def reply_all(
    session: Session, workspace: Workspace, replies: Sequence[Said], *, now: datetime
) -> None:
    """Record replies by others than the askers, in channels that capture nothing."""
    asks = outcomes.hold_all(session, {said.ask_id for said in replies})
    known = _known(session, workspace.id, {said.author for said in replies})
    # It may have begun since we looked; then there is more to each reply.
    capturing = set(
        session.scalars(
            _CAPTURING, {"ids": [said.place.channel_id for said in replies]}
        )
    )
    quick = [
        said
        for said in replies
        if said.place.channel_id not in capturing
        and not asks[said.ask_id].deleted_at
        and not _is_left_out(session, workspace, said, known.get(said.author))
    ]
    added = registers.add_answers(
        session,
        [
            {
                "ask_id": said.ask_id,
                "channel_id": said.place.channel_id,
                "ts": said.ts,
                "author": said.author,
            }
            for said in quick
        ],
    )
    new = [said for said in quick if (said.place.channel_id, said.ts) in added]
    members.note(
        session, workspace.id, [s.author for s in new if s.author not in known]
    )
    where = {said.ask_id: said.place.slack_channel for said in new}
    late = {said.ask_id for said in new if now - moment(said.ts) > LATE}
    outbox.refresh_all(
        session,
        "thread.read",
        [(ask_id, where[ask_id]) for ask_id in late],
        installation_id=workspace.id,
        now=now,
    )
    opened = [asks[ask_id] for ask_id in where if asks[ask_id].state == "open"]
    outcomes.answered(session, workspace.id, opened, where, now=now)
    for said in replies:
        if said.place.channel_id in capturing:
            ask = session.get_one(Ask, said.ask_id)
            reply(session, workspace, ask, ts=said.ts, author=said.author, now=now)


def _known(
    session: Session, installation_id: int, people: Collection[str]
) -> dict[str, Row[Any, Any, Any]]:
    """Of the people we have met, whether each is a bot, and was forgotten."""
    known = session.execute(
        _KNOWN, {"installation_id": installation_id, "people": list(people)}
    )
    return {row.slack_id: row for row in known}


def _is_left_out(
    session: Session,
    workspace: Workspace,
    said: Said,
    author: Row[Any, Any, Any] | None,
) -> bool:
    """Whether a bot said it, or somebody who has been forgotten since."""
    if author is None:
        return False
    return author.is_bot or (
        author.counts_from is not None
        and _is_of_before(session, workspace, said.author, said.ts)
    )


def _is_of_before(session: Session, workspace: Workspace, author: str, ts: str) -> bool:
    """Whether what comes late is of before its author was forgotten.

    `ts` is of a message, of which they are the author, or to which they reacted.
    """
    return members.was_forgotten(session, workspace.id, author, at_us=micros(ts))


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
    """Record the replies and reactions of a thread as Slack shows it.

    Where there are answers that nobody knew, the thread is looked at once more: a
    reaction to one, between Slack's showing it and now, was passed over, but in a
    channel where every reaction is kept.
    """
    channel = session.get_one(Channel, ask.channel_id)
    # All of them are taken in, whatever the first is.
    are_new = [
        take_in(session, workspace, ask, channel, message, now=now)
        for message in messages
    ]
    outcomes.resettle(session, ask.id, now=now, show=True)
    if any(are_new) and channel.capture == "off":
        read_thread(session, ask, channel, now=now)


def take_in(
    session: Session,
    workspace: Workspace,
    ask: Ask,
    channel: Channel,
    message: Mapping[str, Any],
    *,
    now: datetime,
) -> bool:
    """Record one message of the ask's thread, and its reactions. Tells nobody.

    Whether it is an answer that was not known. Slack does not say when somebody
    reacted. A reaction counts from its message's time, so that anything heard of by an
    event is later and stands.
    """
    if is_forgotten(ask.asker):
        # Which of the replies were the asker's own nobody can tell any more.
        return False
    ts = str(message["ts"])
    is_new = False
    if ts != ask.ts:
        if not is_by_human(message, workspace):
            return False
        author = str(message["user"])
        if author == ask.asker or members.is_bot(session, workspace.id, author):
            return False
        is_new = not _is_of_before(
            session, workspace, author, ts
        ) and registers.add_answer(
            session, ask_id=ask.id, channel_id=channel.id, ts=ts, author=author
        )
        if is_new:
            members.note(session, workspace.id, [author])
            if channel.capture != "off":
                # They may have been heard of before, and waited for their answer.
                registers.claim_reactions(session, ask, channel, [ts])
    if message.get("reactions"):
        _take_in_reactions(session, workspace, channel, message, now=now)
    return is_new


def _take_in_reactions(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    message: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    ts = str(message["ts"])
    place = registers.locate(session, workspace.id, channel.slack_id, ts)
    if place is None:
        return
    nameless = registers.nameless(session, channel.id, ts)
    for reaction in message["reactions"]:
        name = reaction["name"]
        meaning = place.meaning(name)
        if meaning is None:
            continue
        for member in reaction["users"] or []:
            # Somebody new may be the very one that a forgotten person's mark is of.
            is_known = name not in nameless or member in nameless[name]
            if member == workspace.bot_user_id or not is_known:
                continue
            if _is_of_before(session, workspace, member, ts):
                continue
            seen = Reacted(
                member=member,
                channel=channel.slack_id,
                ts=ts,
                emoji=name,
                at_us=micros(ts),
                is_present=True,
            )
            standing = _standing(session, workspace.id, channel.id, member)
            mark = _register(place, seen, meaning, standing)
            registers.set_reactions(session, [mark], now=now)


# What a person writes; the other subtypes are Slack's or a bot's.
HUMAN_SUBTYPES = (None, "file_share", "me_message", "thread_broadcast")


def is_by_human(message: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether a person wrote the message, as far as the message itself tells."""
    return (
        message.get("subtype") in HUMAN_SUBTYPES
        and not message.get("bot_id")
        and isinstance(message.get("user"), str)
        and bool(message["user"])
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
