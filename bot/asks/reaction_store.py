"""Store the reactions on asks and answers.

The result does not depend on the order in which events arrive, nor on repetitions.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from bot.asks import tracked
from bot.db.statements import set_columns, upsert_latest
from bot.messages.tracked_messages import lock_channel
from bot.runtime import Transaction
from bot.slack.text import is_erased
from models import Ask, Channel, Reaction

_UPSERT_REACTIONS = upsert_latest(
    Reaction,
    ["channel_id", "message_ts", "member", "emoji"],
    ["meaning", "can_moderate", "ask_id", "recorded_at"],
)


@dataclass(frozen=True, slots=True)
class ReactionState:
    """The last known action of a member with one emoji on one message."""

    channel_id: int
    ask_id: int | None
    ts: str
    member: str
    emoji: str
    meaning: str
    is_present: bool
    event_micros: int
    can_moderate: bool | None

    @property
    def key(self) -> tuple[int, str, str, str]:
        return self.channel_id, self.ts, self.member, self.emoji


def upsert_reactions(
    tx: Transaction, states: Iterable[ReactionState]
) -> list[ReactionState]:
    """Store reactions; return those that are later than the stored ones."""
    # The latest state for each row, sorted, so that all transactions lock the rows in
    # the same order.
    newest = {
        state.key: state
        for state in sorted(
            states, key=lambda s: (s.key, s.event_micros, not s.is_present)
        )
    }
    rows = [
        {
            "channel_id": state.channel_id,
            "message_ts": state.ts,
            "member": state.member,
            "emoji": state.emoji,
            "is_present": state.is_present,
            "event_micros": state.event_micros,
            "meaning": state.meaning,
            "can_moderate": state.can_moderate,
            "ask_id": state.ask_id,
            "recorded_at": tx.now,
        }
        for state in newest.values()
    ]
    written_keys = (
        tx.session.execute(_UPSERT_REACTIONS(tx.session), rows) if rows else ()
    )
    return [
        newest[channel, ts, member, emoji]
        for channel, ts, member, emoji in written_keys
    ]


def overwrite_reaction(tx: Transaction, state: ReactionState) -> None:
    """Store a reaction that is derived from other rows, whatever was stored."""
    key = {
        "channel_id": state.channel_id,
        "message_ts": state.ts,
        "member": state.member,
        "emoji": state.emoji,
    }
    set_columns(
        tx.session,
        Reaction,
        key,
        is_present=state.is_present,
        event_micros=state.event_micros,
        meaning=state.meaning,
        can_moderate=state.can_moderate,
        ask_id=state.ask_id,
        recorded_at=tx.now,
    )


def retract_reaction(
    session: Session,
    *,
    channel_id: int,
    ts: str,
    member: str,
    emoji_name: str,
    event_micros: int,
) -> bool:
    """Remove a reaction unless a later event added it; return True if it was stored."""
    result = session.execute(
        update(Reaction)
        .where(
            Reaction.channel_id == channel_id,
            Reaction.message_ts == ts,
            Reaction.member == member,
            Reaction.emoji == emoji_name,
            Reaction.event_micros <= event_micros,
            Reaction.is_present.is_(True),
        )
        .values(is_present=False, event_micros=event_micros)
        .returning(Reaction.member)
    )
    return result.first() is not None


def erased_reactors(
    session: Session, channel_id: int, ts: str
) -> dict[str, frozenset[str]]:
    """Return the emoji with which erased members reacted to a message, by name.

    The values are all members stored for the emoji on this message.
    """
    rows = session.execute(
        select(Reaction.emoji, Reaction.member).filter_by(
            channel_id=channel_id, message_ts=ts
        )
    ).all()
    names = {name for name, member in rows if is_erased(member)}
    return {
        name: frozenset(member for emoji, member in rows if emoji == name)
        for name in names
    }


def lock_reactions() -> Select[Reaction]:
    """Return a query that locks reactions, always in the same order."""
    return (
        select(Reaction)
        .order_by(
            Reaction.channel_id,
            Reaction.message_ts,
            Reaction.member,
            Reaction.emoji,
        )
        .with_for_update(of=Reaction)
    )


def attach_reactions(
    session: Session, ask: Ask, channel: Channel, timestamps: Iterable[str]
) -> bool:
    """Assign the unmatched reactions on these messages to the ask, with a meaning.

    Returns True if there were any.
    """
    lock_channel(session, channel.id)
    unmatched = session.scalars(
        lock_reactions().where(
            Reaction.channel_id == channel.id,
            Reaction.message_ts.in_(list(timestamps)),
            Reaction.ask_id.is_(None),
        )
    ).all()
    for reaction in unmatched:
        message = tracked.in_channel(
            channel, ask.id, is_ask=reaction.message_ts == ask.ts
        )
        reaction.ask_id = ask.id
        reaction.meaning = message.meaning(reaction.emoji) or ""
    return bool(unmatched)


def used_emoji(tx: Transaction, names: Sequence[str]) -> Collection[str]:
    """Return those of the emoji that are stored as reactions in the workspace."""
    if not names:
        return ()
    return tx.session.scalars(
        select(Reaction.emoji)
        .distinct()
        .join(Channel, Channel.id == Reaction.channel_id)
        .where(Channel.installation_id == tx.workspace.id, Reaction.emoji.in_(names))
    ).all()
