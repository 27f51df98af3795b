"""The rows that events write: reactions, answers, and messages not yet understood.

All in SQLAlchemy Core: these are the hot paths. Each function may be called any
number of times, in any order, with the same result.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Select,
    and_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from bot.db.statements import prepare_insert, table
from bot.messages.tracked_messages import TrackedMessage, lock_channel
from bot.runtime import Transaction
from bot.slack.text import is_erased
from bot.workspace import reaction_emoji
from models import Answer, Ask, Channel, Reaction

_answers, _reactions = table(Answer), table(Reaction)


def _upsert_latest(insert: Any) -> Any:
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["channel_id", "message_ts", "member", "emoji"],
        set_={
            name: new[name]
            for name in (
                "is_present",
                "at_us",
                "meaning",
                "is_lead",
                "ask_id",
                "seen_at",
            )
        },
        where=or_(
            _reactions.c.at_us < new.at_us,
            # Of two in the same microsecond the removal stands.
            and_(
                _reactions.c.at_us == new.at_us,
                _reactions.c.is_present.is_(True),
                new.is_present.is_(False),
            ),
        ),
    ).returning(
        _reactions.c.channel_id,
        _reactions.c.message_ts,
        _reactions.c.member,
        _reactions.c.emoji,
    )


_UPSERT_REACTION = prepare_insert(Reaction, _upsert_latest)


@dataclass(frozen=True, slots=True)
class ReactionState:
    """What one person last did with one emoji on one message, as far as we heard."""

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
    """Write the registers; gives those where no later and no same action stood."""
    # In the order in which the rows are locked; of two for one row the last to be.
    newest = {
        register.key: register
        for register in sorted(
            states, key=lambda r: (r.key, r.event_micros, not r.is_present)
        )
    }
    rows = [
        {
            "channel_id": register.channel_id,
            "message_ts": register.ts,
            "member": register.member,
            "emoji": register.emoji,
            "is_present": register.is_present,
            "at_us": register.event_micros,
            "meaning": register.meaning,
            "is_lead": register.can_moderate,
            "ask_id": register.ask_id,
            "seen_at": tx.now,
        }
        for register in newest.values()
    ]
    written = tx.session.execute(_UPSERT_REACTION(tx.session), rows) if rows else ()
    return [newest[channel, ts, who, name] for channel, ts, who, name in written]


def retract_reaction(
    session: Session,
    *,
    channel_id: int,
    ts: str,
    member: str,
    emoji_name: str,
    event_micros: int,
) -> bool:
    """Take a reaction back, if it stood; whether it did."""
    dropped = session.execute(
        update(Reaction)
        .where(
            Reaction.channel_id == channel_id,
            Reaction.message_ts == ts,
            Reaction.member == member,
            Reaction.emoji == emoji_name,
            Reaction.at_us <= event_micros,
            Reaction.is_present.is_(True),
        )
        .values(is_present=False, at_us=event_micros)
        .returning(Reaction.member)
    )
    return dropped.first() is not None


def erased_reactors(
    session: Session, channel_id: int, ts: str
) -> dict[str, frozenset[str]]:
    """The emoji with which forgotten people's marks stand on a message, by name.

    With each, everybody of whom we know what they did with it there.
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
    """Reactions to be changed several at once: always in this order.

    Two transactions that need the same ones would wait for each other otherwise.
    """
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
) -> None:
    """Reactions on these messages belong to the ask, with what they mean there."""
    lock_channel(session, channel.id)
    waiting = session.scalars(
        lock_reactions().where(
            Reaction.channel_id == channel.id,
            Reaction.message_ts.in_(list(timestamps)),
            Reaction.ask_id.is_(None),
        )
    )
    for reaction in waiting:
        place = TrackedMessage(
            channel_id=channel.id,
            slack_channel=channel.slack_id,
            is_capturing=False,
            helpful_emoji=tuple(
                channel.helpful_emoji or reaction_emoji.DEFAULT_HELPFUL
            ),
            solved_emoji=tuple(channel.solved_emoji or reaction_emoji.DEFAULT_SOLVED),
            join_emoji=(),
            kudos_emoji=(),
            ask_id=ask.id,
            is_ask=reaction.message_ts == ask.ts,
            answer_id=None,
            author=None,
        )
        reaction.ask_id = ask.id
        reaction.meaning = place.meaning(reaction.emoji) or ""


def unused_emoji(tx: Transaction, names: Sequence[str]) -> list[str]:
    """Return those of these emoji with which nobody is known to have reacted here."""
    if not names:
        return []
    seen = tx.session.scalars(
        select(Reaction.emoji)
        .distinct()
        .join(Channel, Channel.id == Reaction.channel_id)
        .where(Channel.installation_id == tx.workspace.id, Reaction.emoji.in_(names))
    ).all()
    return [name for name in names if name not in seen]
