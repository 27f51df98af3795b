"""Apply reactions to asks and answers, with their members' authority."""

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

# A row for each channel that a member is a champion of; one row for other members.
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
    """Store reactions and their removals, and recompute the asks that they change."""
    helpful: list[tuple[TrackedAskMessage, ReactionEvent]] = []
    others: list[tuple[TrackedAskMessage, ReactionEvent]] = []
    for message, event in reactions:
        is_helpful = message.answer_id and message.meaning(event.emoji) == "helpful"
        (helpful if is_helpful else others).append((message, event))
    _apply_helpful(tx, helpful)
    for message, event in others:
        apply_reaction(tx, message, event)
        tx.session.flush()
        # The next reaction reads its rows again, as if in a transaction of its own.
        tx.session.expunge_all()


def _apply_helpful(
    tx: Transaction, reactions: Sequence[tuple[TrackedAskMessage, ReactionEvent]]
) -> None:
    """Store helpful marks, several at once: they change only answers' counts."""
    if not reactions:
        return
    asks = outcomes.lock_all(
        tx.session, {message.ask_id for message, _ in reactions if message.ask_id}
    )
    authorities = _authorities(
        tx, {(message.channel_id, event.member) for message, event in reactions}
    )
    changed = reaction_store.upsert_reactions(
        tx,
        [
            reaction_state(message, event, "helpful", authority)
            for message, event in reactions
            for authority in [authorities[message.channel_id, event.member]]
            if not _predates_erasure(tx, event, authority)
        ],
    )
    changed_messages = {(mark.channel_id, mark.ts) for mark in changed}
    answer_ids = {
        message.answer_id
        for message, event in reactions
        if message.answer_id and (message.channel_id, event.ts) in changed_messages
    }
    outcomes.recompute_helpful(tx, asks, answer_ids)


class Authority(NamedTuple):
    """A member's right to act for askers, and the time of their erasure, if any."""

    can_moderate: bool
    erased_before: datetime | None


def _predates_erasure(
    tx: Transaction, event: ReactionEvent, authority: Authority | None
) -> bool:
    """Return True if a late event is from before its member's erasure."""
    if authority is None:
        return members.is_before_erasure(
            tx, event.member, event_micros=event.event_micros
        )
    erased_before = authority.erased_before
    return erased_before is not None and event.event_micros <= datetime_to_micros(
        erased_before
    )


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
    """Store a reaction or its removal, and recompute the ask that it changes."""
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
    authority = authority_of(tx, tracked.channel_id, event.member)
    if _predates_erasure(tx, event, authority):
        return
    mark = reaction_state(tracked, event, meaning, authority)
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
    """Remove a mark whose emoji no longer has a meaning in the channel."""
    if event.is_present:
        return
    was_stored = reaction_store.retract_reaction(
        tx.session,
        channel_id=tracked.channel_id,
        ts=event.ts,
        member=event.member,
        emoji_name=event.emoji,
        event_micros=event.event_micros,
    )
    if was_stored and tracked.ask_id is not None:
        outcomes.recompute_and_notify(tx, tracked.ask_id, force_update=True)


def authority_of(tx: Transaction, channel_id: int, slack_id: str) -> Authority | None:
    """Return the member's authority in the channel; None if there is no profile."""
    key = (channel_id, slack_id)
    return _authorities(tx, [key])[key]


def _authorities(
    tx: Transaction, members_of_channels: Collection[tuple[int, str]]
) -> Mapping[tuple[int, str], Authority | None]:
    """Return each member's authority in a channel; None if there is no profile."""
    authorities = _load_authorities(tx, members_of_channels)
    unknown = {member for _, member in members_of_channels}
    unknown -= {member for _, member in authorities}
    for slack_id in sorted(unknown):
        # The profile may just be stored by another transaction. With the lock, either
        # `on_user_loaded` reads our reaction, or we read the profile.
        members.lock(tx, slack_id)
    if unknown:
        authorities = _load_authorities(tx, members_of_channels)
    return {key: authorities.get(key) for key in members_of_channels}


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
    profiles = {row.slack_id: row for row in rows}
    return {
        (channel_id, member): Authority(
            can_moderate(
                is_admin=profiles[member].is_admin,
                is_champion=(channel_id, member) in champions,
                is_external=profiles[member].is_external,
                is_bot=profiles[member].is_bot,
                is_deactivated=profiles[member].is_deactivated,
            ),
            profiles[member].erased_before,
        )
        for channel_id, member in members_of_channels
        if member in profiles
    }


def on_user_loaded(tx: Transaction, member: Member) -> None:
    """Set the authority of the member's earlier reactions from their new profile.

    If they turn out to be a bot, their answers are deleted.
    """
    reactions = tx.session.scalars(
        reaction_store.lock_reactions()
        .join(Channel, Channel.id == Reaction.channel_id)
        .where(
            Channel.installation_id == member.installation_id,
            Reaction.member == member.slack_id,
            Reaction.can_moderate.is_(None),
        )
    ).all()
    asks = {reaction.ask_id for reaction in reactions if reaction.ask_id}
    for reaction in reactions:
        reaction.can_moderate = roles.can_moderate(
            tx.session, reaction.channel_id, member
        )
    if member.is_bot:
        asks |= set(remove_bot_answers(tx, member))
    tx.session.flush()
    for ask_id in sorted(asks):
        outcomes.recompute_and_notify(tx, ask_id, force_update=True)
