"""Answers: recorded from threads and reactions; what they make of an ask."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, bindparam, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.answers import outcomes, registers
from bot.answers.registers import ReactionState, TrackedMessage
from bot.clock import datetime_to_micros, ts_to_datetime, ts_to_micros
from bot.db import table
from bot.members import service as members
from bot.members.rules import can_moderate
from bot.runtime import Workspace
from bot.text import is_erased
from models import Answer, Ask, Champion, Channel, Member, Reaction

# A reply that reaches us later than this may have been reacted to before.
SYNC_THREAD_IF_OLDER_THAN = timedelta(seconds=1)

_members, _champions, _channels = table(Member), table(Champion), table(Channel)
_SELECT_MEMBERS = select(
    _members.c.slack_id, _members.c.is_bot, _members.c.counts_from
).where(
    _members.c.installation_id == bindparam("installation_id"),
    _members.c.slack_id.in_(bindparam("people", expanding=True)),
)
_SELECT_CAPTURING = select(_channels.c.id).where(
    _channels.c.id.in_(bindparam("ids", expanding=True)), _channels.c.capture != "off"
)

# A row for each channel that somebody is a champion of; one for who is of none.
_SELECT_AUTHORITIES = (
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

_SELECT_AUTHOR = (
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
class ReactionEvent:
    """One person's action with one emoji on one message."""

    member: str
    channel: str
    ts: str
    emoji: str
    event_micros: int
    is_present: bool


def apply_reactions(
    session: Session,
    workspace: Workspace,
    reactions: Sequence[tuple[TrackedMessage, ReactionEvent]],
    *,
    now: datetime,
) -> None:
    """Record reactions and their removals, and what they change."""
    helpful: list[tuple[TrackedMessage, ReactionEvent]] = []
    others: list[tuple[TrackedMessage, ReactionEvent]] = []
    for place, seen in reactions:
        is_helpful = place.answer_id and place.meaning(seen.emoji) == "helpful"
        (helpful if is_helpful else others).append((place, seen))
    _apply_helpful(session, workspace, helpful, now=now)
    for place, seen in others:
        apply_reaction(session, workspace, place, seen, now=now)
        session.flush()
        # The next reads the rows anew, as in a transaction of its own.
        session.expunge_all()


def _apply_helpful(
    session: Session,
    workspace: Workspace,
    reactions: Sequence[tuple[TrackedMessage, ReactionEvent]],
    *,
    now: datetime,
) -> None:
    """Record marks that change nothing but whom an answer helped."""
    if not reactions:
        return
    asks = outcomes.lock_all(
        session, {place.ask_id for place, _ in reactions if place.ask_id}
    )
    standings = _authorities(
        session,
        workspace.id,
        {(place.channel_id, seen.member) for place, seen in reactions},
    )
    changed = registers.upsert_reactions(
        session,
        [
            reaction_state(place, seen, "helpful", standing)
            for place, seen in reactions
            for standing in [standings[place.channel_id, seen.member]]
            if not _predates_erasure(session, workspace, seen, standing)
        ],
        now=now,
    )
    where = {(mark.channel_id, mark.ts) for mark in changed}
    answers = {
        place.answer_id
        for place, seen in reactions
        if place.answer_id and (place.channel_id, seen.ts) in where
    }
    outcomes.recompute_helpful(session, workspace.id, asks, answers, now=now)


class Authority(NamedTuple):
    """Whether somebody acts for askers; since when they count, if they came back."""

    can_moderate: bool
    erased_before: datetime | None


def _predates_erasure(
    session: Session,
    workspace: Workspace,
    event: ReactionEvent,
    authority: Authority | None,
) -> bool:
    """Whether a mark that comes late is of before its giver was forgotten."""
    if authority is None:
        return members.is_before_erasure(
            session, workspace.id, event.member, event_micros=event.event_micros
        )
    since = authority.erased_before
    return since is not None and event.event_micros <= datetime_to_micros(since)


def reaction_state(
    tracked: TrackedMessage,
    event: ReactionEvent,
    meaning: str,
    authority: Authority | None,
) -> ReactionState:
    return ReactionState(
        channel_id=tracked.channel_id,
        ask_id=tracked.ask_id,
        ts=event.ts,
        member=event.member,
        emoji=event.emoji,
        meaning=meaning,
        is_present=event.is_present,
        event_micros=event.event_micros,
        can_moderate=authority.can_moderate if authority else None,
    )


def apply_reaction(
    session: Session,
    workspace: Workspace,
    tracked: TrackedMessage,
    event: ReactionEvent,
    *,
    now: datetime,
) -> None:
    """Record a reaction or its removal, and what it changes."""
    if tracked.ask_id is None and tracked.is_capturing:
        registers.lock_channel(session, tracked.channel_id)
        tracked = (
            registers.find(session, workspace.id, event.channel, event.ts) or tracked
        )
    if tracked.ask_id is None and not tracked.is_capturing:
        return
    ask = outcomes.lock(session, tracked.ask_id) if tracked.ask_id is not None else None
    meaning = tracked.meaning(event.emoji)
    if meaning is None:
        _retract_unmapped(session, tracked, event, now=now)
        return
    standing = authority_of(session, workspace.id, tracked.channel_id, event.member)
    if _predates_erasure(session, workspace, event, standing):
        return
    mark = reaction_state(tracked, event, meaning, standing)
    is_new = bool(registers.upsert_reactions(session, [mark], now=now))
    if not is_new or ask is None:
        return
    if meaning == "helpful" and tracked.answer_id is not None:
        outcomes.recompute_helpful(
            session, workspace.id, {ask.id: ask}, [tracked.answer_id], now=now
        )
    else:
        outcomes.recompute_and_notify(
            session, ask.id, now=now, force_update=meaning in {"looking", "same"}
        )


def _retract_unmapped(
    session: Session, tracked: TrackedMessage, event: ReactionEvent, *, now: datetime
) -> None:
    """Undo a mark whose emoji the channel has given up since it was made."""
    if event.is_present:
        return
    was_there = registers.retract_reaction(
        session,
        channel_id=tracked.channel_id,
        ts=event.ts,
        member=event.member,
        emoji_name=event.emoji,
        event_micros=event.event_micros,
    )
    if was_there and tracked.ask_id is not None:
        outcomes.recompute_and_notify(
            session, tracked.ask_id, now=now, force_update=True
        )


def authority_of(
    session: Session, installation_id: int, channel_id: int, slack_id: str
) -> Authority | None:
    """What the person is in the channel; None while unknown."""
    one = (channel_id, slack_id)
    return _authorities(session, installation_id, [one])[one]


def _authorities(
    session: Session,
    installation_id: int,
    members_of_channels: Collection[tuple[int, str]],
) -> Mapping[tuple[int, str], Authority | None]:
    """What each is in the channel; None while unknown."""
    known = _load_authorities(session, installation_id, members_of_channels)
    unknown = sorted(
        {member for one, member in members_of_channels} - {m for _, m in known}
    )
    for slack_id in unknown:
        # Facts may be arriving at this moment: either they see what we write, or
        # we see them.
        members.lock(session, installation_id, slack_id)
    if unknown:
        known = _load_authorities(session, installation_id, members_of_channels)
    return {person: known.get(person) for person in members_of_channels}


def _load_authorities(
    session: Session,
    installation_id: int,
    members_of_channels: Collection[tuple[int, str]],
) -> dict[tuple[int, str], Authority]:
    found = session.execute(
        _SELECT_AUTHORITIES,
        {
            "installation_id": installation_id,
            "channel_ids": list({channel_id for channel_id, _ in members_of_channels}),
            "members": list({member for _, member in members_of_channels}),
        },
    ).all()
    champions = {(row.channel_id, row.slack_id) for row in found}
    facts = {row.slack_id: row for row in found}
    return {
        (channel_id, member): Authority(
            can_moderate(
                is_admin=facts[member].is_admin,
                is_champion=(channel_id, member) in champions,
                is_external=facts[member].is_stranger,
                is_bot=facts[member].is_bot,
                is_deactivated=facts[member].is_deactivated,
            ),
            facts[member].counts_from,
        )
        for channel_id, member in members_of_channels
        if member in facts
    }


def record_reply(
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
        _SELECT_AUTHOR, {"channel_id": ask.channel_id, "author": author}
    ).one()
    if author == ask.asker or known.is_bot:
        return
    if known.counts_from and is_before_erasure(session, workspace, author, ts):
        return
    state = outcomes.lock(session, ask.id).state
    if not registers.add_answer(
        session, ask_id=ask.id, channel_id=ask.channel_id, ts=ts, author=author
    ):
        return
    if known.is_bot is None:
        members.ensure(session, workspace.id, [author])
    if known.capture != "off":
        channel = session.get_one(Channel, ask.channel_id)
        registers.attach_reactions(session, ask, channel, [ts])
    elif now - ts_to_datetime(ts) > SYNC_THREAD_IF_OLDER_THAN:
        channel = session.get_one(Channel, ask.channel_id)
        request_thread_sync(session, ask, channel, now=now)
    # A reply that nobody has marked can only make an open ask an answered one.
    if known.capture != "off" or state == "open":
        outcomes.recompute_and_notify(session, ask.id, now=now)


@dataclass(frozen=True, slots=True)
class ThreadReply:
    """A reply in the thread of an ask that we know."""

    tracked: TrackedMessage
    ask_id: int
    ts: str
    author: str


def record_replies(
    session: Session,
    workspace: Workspace,
    replies: Sequence[ThreadReply],
    *,
    now: datetime,
) -> None:
    """Record replies by others than the askers, in channels that capture nothing."""
    asks = outcomes.lock_all(session, {said.ask_id for said in replies})
    known = _load_members(session, workspace.id, {said.author for said in replies})
    # It may have begun since we looked; then there is more to each reply.
    capturing = set(
        session.scalars(
            _SELECT_CAPTURING, {"ids": [said.tracked.channel_id for said in replies]}
        )
    )
    quick = [
        said
        for said in replies
        if said.tracked.channel_id not in capturing
        and not asks[said.ask_id].deleted_at
        and not _is_excluded(session, workspace, said, known.get(said.author))
    ]
    added = registers.add_answers(
        session,
        [
            {
                "ask_id": said.ask_id,
                "channel_id": said.tracked.channel_id,
                "ts": said.ts,
                "author": said.author,
            }
            for said in quick
        ],
    )
    new = [said for said in quick if (said.tracked.channel_id, said.ts) in added]
    members.ensure(
        session, workspace.id, [s.author for s in new if s.author not in known]
    )
    where = {said.ask_id: said.tracked.slack_channel for said in new}
    late = {
        said.ask_id
        for said in new
        if now - ts_to_datetime(said.ts) > SYNC_THREAD_IF_OLDER_THAN
    }
    outbox.enqueue_updates(
        session,
        "thread.read",
        [(ask_id, where[ask_id]) for ask_id in late],
        installation_id=workspace.id,
        now=now,
    )
    opened = [asks[ask_id] for ask_id in where if asks[ask_id].state == "open"]
    outcomes.mark_answered(session, workspace.id, opened, where, now=now)
    for said in replies:
        if said.tracked.channel_id in capturing:
            ask = session.get_one(Ask, said.ask_id)
            record_reply(
                session, workspace, ask, ts=said.ts, author=said.author, now=now
            )


def _load_members(
    session: Session, installation_id: int, slack_ids: Collection[str]
) -> dict[str, Row[Any, Any, Any]]:
    """Of the people we have met, whether each is a bot, and was forgotten."""
    known = session.execute(
        _SELECT_MEMBERS, {"installation_id": installation_id, "people": list(slack_ids)}
    )
    return {row.slack_id: row for row in known}


def _is_excluded(
    session: Session,
    workspace: Workspace,
    reply: ThreadReply,
    author: Row[Any, Any, Any] | None,
) -> bool:
    """Whether a bot said it, or somebody who has been forgotten since."""
    if author is None:
        return False
    return author.is_bot or (
        author.counts_from is not None
        and is_before_erasure(session, workspace, reply.author, reply.ts)
    )


def is_before_erasure(
    session: Session, workspace: Workspace, author: str, ts: str
) -> bool:
    """Whether what comes late is of before its author was forgotten.

    `ts` is of a message, of which they are the author, or to which they reacted.
    """
    return members.is_before_erasure(
        session, workspace.id, author, event_micros=ts_to_micros(ts)
    )


def remove_reply(
    session: Session, tracked: TrackedMessage, *, ts: str, now: datetime
) -> None:
    if tracked.ask_id is None:
        return
    outcomes.lock(session, tracked.ask_id)
    if registers.remove_answer(session, tracked.channel_id, ts):
        outcomes.recompute_and_notify(session, tracked.ask_id, now=now)


def request_thread_sync(
    session: Session, ask: Ask, channel: Channel, *, now: datetime
) -> None:
    """Ask for a look at the thread, for what happened there unheard."""
    outbox.enqueue_update(
        session,
        "thread.read",
        ask.id,
        channel.slack_id,
        installation_id=ask.installation_id,
        now=now,
    )


def import_thread(
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
        import_message(session, workspace, ask, channel, message, now=now)
        for message in messages
    ]
    outcomes.recompute_and_notify(session, ask.id, now=now, force_update=True)
    if any(are_new) and channel.capture == "off":
        request_thread_sync(session, ask, channel, now=now)


def import_message(
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
    if is_erased(ask.asker):
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
        is_new = not is_before_erasure(
            session, workspace, author, ts
        ) and registers.add_answer(
            session, ask_id=ask.id, channel_id=channel.id, ts=ts, author=author
        )
        if is_new:
            members.ensure(session, workspace.id, [author])
            if channel.capture != "off":
                # They may have been heard of before, and waited for their answer.
                registers.attach_reactions(session, ask, channel, [ts])
    if message.get("reactions"):
        _import_reactions(session, workspace, channel, message, now=now)
    return is_new


def _import_reactions(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    message: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    ts = str(message["ts"])
    place = registers.find(session, workspace.id, channel.slack_id, ts)
    if place is None:
        return
    nameless = registers.erased_reactors(session, channel.id, ts)
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
            if is_before_erasure(session, workspace, member, ts):
                continue
            seen = ReactionEvent(
                member=member,
                channel=channel.slack_id,
                ts=ts,
                emoji=name,
                event_micros=ts_to_micros(ts),
                is_present=True,
            )
            standing = authority_of(session, workspace.id, channel.id, member)
            mark = reaction_state(place, seen, meaning, standing)
            registers.upsert_reactions(session, [mark], now=now)


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


def on_user_loaded(session: Session, member: Member, *, now: datetime) -> None:
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
        reaction.is_lead = members.can_moderate(session, reaction.channel_id, member)
    if member.is_bot:
        asks |= set(remove_bot_answers(session, member))
    session.flush()
    for ask_id in sorted(asks):
        outcomes.recompute_and_notify(session, ask_id, now=now, force_update=True)


def remove_bot_answers(session: Session, bot: Member) -> Iterable[int]:
    """What turns out to be written by a bot was no answer."""
    channels = select(Channel.id).filter_by(installation_id=bot.installation_id)
    touched = session.scalars(
        select(Answer.ask_id)
        .where(Answer.author == bot.slack_id, Answer.channel_id.in_(channels))
        .distinct()
    ).all()
    for ask_id in sorted(touched):
        outcomes.lock(session, ask_id)
    return session.scalars(
        update(Answer)
        .where(Answer.author == bot.slack_id, Answer.channel_id.in_(channels))
        .values(is_deleted=True)
        .returning(Answer.ask_id)
    ).all()
