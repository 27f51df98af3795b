"""Answers: recorded from threads and reactions; what they make of an ask."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, select

from bot.asks import outcomes, reaction_store
from bot.asks.reaction_store import ReactionState
from bot.asks.replies import remove_bot_answers
from bot.asks.tracked import TrackedAskMessage
from bot.asks.tracked import find as find_tracked
from bot.clock import datetime_to_micros
from bot.db.statements import table
from bot.messages import tracked_messages
from bot.messages.events import ReactionEvent
from bot.permissions import can_moderate
from bot.runtime import Transaction
from bot.workspace import members, roles
from models import Champion, Channel, Member, Reaction

_members, _champions, _channels = table(Member), table(Champion), table(Channel)

# A row for each channel that somebody is a champion of; one for who is of none.
_SELECT_AUTHORITIES = (
    select(
        _members.c.slack_id,
        _members.c.is_admin,
        _members.c.is_external,
        _members.c.is_bot,
        _members.c.is_deactivated,
        _members.c.erased_before,
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
        _members.c.fetched_at.is_not(None),
    )
)


def apply_reactions(
    tx: Transaction, reactions: Sequence[tuple[TrackedAskMessage, ReactionEvent]]
) -> None:
    """Record reactions and their removals, and what they change."""
    helpful: list[tuple[TrackedAskMessage, ReactionEvent]] = []
    others: list[tuple[TrackedAskMessage, ReactionEvent]] = []
    for place, event in reactions:
        is_helpful = place.answer_id and place.meaning(event.emoji) == "helpful"
        (helpful if is_helpful else others).append((place, event))
    _apply_helpful(tx, helpful)
    for place, event in others:
        apply_reaction(tx, place, event)
        tx.session.flush()
        # The next reads the rows anew, as in a transaction of its own.
        tx.session.expunge_all()


def _apply_helpful(
    tx: Transaction, reactions: Sequence[tuple[TrackedAskMessage, ReactionEvent]]
) -> None:
    """Record marks that change nothing but whom an answer helped."""
    if not reactions:
        return
    asks = outcomes.lock_all(
        tx.session, {place.ask_id for place, _ in reactions if place.ask_id}
    )
    standings = _authorities(
        tx, {(place.channel_id, event.member) for place, event in reactions}
    )
    changed = reaction_store.upsert_reactions(
        tx,
        [
            reaction_state(place, event, "helpful", standing)
            for place, event in reactions
            for standing in [standings[place.channel_id, event.member]]
            if not _predates_erasure(tx, event, standing)
        ],
    )
    where = {(mark.channel_id, mark.ts) for mark in changed}
    answers = {
        place.answer_id
        for place, event in reactions
        if place.answer_id and (place.channel_id, event.ts) in where
    }
    outcomes.recompute_helpful(tx, asks, answers)


class Authority(NamedTuple):
    """A member's right to act for askers, and when they were erased, if ever."""

    can_moderate: bool
    erased_before: datetime | None


def _predates_erasure(
    tx: Transaction, event: ReactionEvent, authority: Authority | None
) -> bool:
    """Return True if a late mark is from before its giver's data was erased."""
    if authority is None:
        return members.is_before_erasure(
            tx, event.member, event_micros=event.event_micros
        )
    since = authority.erased_before
    return since is not None and event.event_micros <= datetime_to_micros(since)


def reaction_state(
    tracked: TrackedAskMessage,
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
    tx: Transaction, tracked: TrackedAskMessage, event: ReactionEvent
) -> None:
    """Record a reaction or its removal, and what it changes."""
    if tracked.ask_id is None and tracked.is_capturing:
        tracked_messages.lock_channel(tx.session, tracked.channel_id)
        tracked = find_tracked(tx, event.channel, event.ts) or tracked
    if tracked.ask_id is None and not tracked.is_capturing:
        return
    ask = (
        outcomes.lock(tx.session, tracked.ask_id)
        if tracked.ask_id is not None
        else None
    )
    meaning = tracked.meaning(event.emoji)
    if meaning is None:
        _retract_unmapped(tx, tracked, event)
        return
    standing = authority_of(tx, tracked.channel_id, event.member)
    if _predates_erasure(tx, event, standing):
        return
    mark = reaction_state(tracked, event, meaning, standing)
    is_new = bool(reaction_store.upsert_reactions(tx, [mark]))
    if not is_new or ask is None:
        return
    if meaning == "helpful" and tracked.answer_id is not None:
        outcomes.recompute_helpful(tx, {ask.id: ask}, [tracked.answer_id])
    else:
        outcomes.recompute_and_notify(
            tx, ask.id, force_update=meaning in {"looking", "same"}
        )


def _retract_unmapped(
    tx: Transaction, tracked: TrackedAskMessage, event: ReactionEvent
) -> None:
    """Undo a mark whose emoji the channel has given up since it was made."""
    if event.is_present:
        return
    was_there = reaction_store.retract_reaction(
        tx.session,
        channel_id=tracked.channel_id,
        ts=event.ts,
        member=event.member,
        emoji_name=event.emoji,
        event_micros=event.event_micros,
    )
    if was_there and tracked.ask_id is not None:
        outcomes.recompute_and_notify(tx, tracked.ask_id, force_update=True)


def authority_of(tx: Transaction, channel_id: int, slack_id: str) -> Authority | None:
    """Return the member's authority in the channel; None while unknown."""
    key = (channel_id, slack_id)
    return _authorities(tx, [key])[key]


def _authorities(
    tx: Transaction, members_of_channels: Collection[tuple[int, str]]
) -> Mapping[tuple[int, str], Authority | None]:
    """Return each member's authority in their channel; None while unknown."""
    known = _load_authorities(tx, members_of_channels)
    unknown = sorted(
        {member for channel_id, member in members_of_channels} - {m for _, m in known}
    )
    for slack_id in unknown:
        # Facts may be arriving at this moment: either they see what we write, or
        # we see them.
        members.lock(tx, slack_id)
    if unknown:
        known = _load_authorities(tx, members_of_channels)
    return {person: known.get(person) for person in members_of_channels}


def _load_authorities(
    tx: Transaction, members_of_channels: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Authority]:
    rows = tx.session.execute(
        _SELECT_AUTHORITIES,
        {
            "installation_id": tx.workspace.id,
            "channel_ids": list({channel_id for channel_id, _ in members_of_channels}),
            "members": list({member for _, member in members_of_channels}),
        },
    ).all()
    champions = {(row.channel_id, row.slack_id) for row in rows}
    facts = {row.slack_id: row for row in rows}
    return {
        (channel_id, member): Authority(
            can_moderate(
                is_admin=facts[member].is_admin,
                is_champion=(channel_id, member) in champions,
                is_external=facts[member].is_external,
                is_bot=facts[member].is_bot,
                is_deactivated=facts[member].is_deactivated,
            ),
            facts[member].erased_before,
        )
        for channel_id, member in members_of_channels
        if member in facts
    }


def on_user_loaded(tx: Transaction, member: Member) -> None:
    """Facts about a person have arrived: what they did before counts accordingly."""
    touched = tx.session.scalars(
        reaction_store.lock_reactions()
        .join(Channel, Channel.id == Reaction.channel_id)
        .where(
            Channel.installation_id == member.installation_id,
            Reaction.member == member.slack_id,
            Reaction.can_moderate.is_(None),
        )
    ).all()
    asks = {reaction.ask_id for reaction in touched if reaction.ask_id}
    for reaction in touched:
        reaction.can_moderate = roles.can_moderate(
            tx.session, reaction.channel_id, member
        )
    if member.is_bot:
        asks |= set(remove_bot_answers(tx, member))
    tx.session.flush()
    for ask_id in sorted(asks):
        outcomes.recompute_and_notify(tx, ask_id, force_update=True)
