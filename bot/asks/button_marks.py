"""Marks by a button or a shortcut, stored beside those by emoji."""

from bot.asks import reaction_store
from bot.asks.outcome_rules import BUTTON_MARK_PREFIX
from bot.asks.reaction_store import ReactionState
from bot.runtime import Transaction
from bot.workspace import members, roles
from models import Ask, Channel


def write_mark(
    tx: Transaction,
    channel: Channel,
    ask: Ask,
    *,
    ts: str,
    meaning: str,
    by: str,
    is_present: bool,
    event_micros: int,
    name: str | None = None,
    is_derived: bool = False,
) -> None:
    """Store a member's mark on a message of an ask, or its removal.

    A member has one mark of each `name` on a message; it is the meaning by default. The
    latest event wins, but a mark that `is_derived` from other rows replaces what was
    stored.
    """
    member = members.find(tx, by)
    mark = ReactionState(
        channel_id=channel.id,
        ask_id=ask.id,
        ts=ts,
        member=by,
        emoji=BUTTON_MARK_PREFIX + (name or meaning),
        meaning=meaning,
        is_present=is_present,
        event_micros=event_micros,
        can_moderate=member is not None
        and roles.can_moderate(tx.session, channel.id, member),
    )
    if is_derived:
        reaction_store.overwrite_reaction(tx, mark)
    else:
        reaction_store.upsert_reactions(tx, [mark])
