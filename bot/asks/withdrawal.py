"""An ask that was taken back, since an earlier one solved it, and its message."""

from bot.asks import outcomes, references
from bot.asks.replies import request_thread_sync
from bot.runtime import Transaction
from models import Ask, AskReference, Channel


def on_posted(tx: Transaction, ask: Ask, channel: Channel) -> bool:
    """Delete the message of an ask that was taken back while it was being posted.

    Return whether it was.
    """
    reference = references.find(tx.session, ask.id)
    if reference is None or not reference.is_withdrawn:
        return False
    reference.withdrawn_ts = ask.ts
    references.delete_message(tx, ask, channel)
    return True


def is_withdrawn_message(tx: Transaction, ask_id: int, ts: str) -> bool:
    """Return True if the ask is taken back, and this was its message."""
    reference = references.find(tx.session, ask_id)
    return (
        reference is not None
        and reference.is_withdrawn
        and reference.withdrawn_ts == ts
    )


def lock_withdrawn(tx: Transaction, ask_id: int) -> None:
    """Lock the ask, and the one that solved it."""
    reference = tx.session.get(AskReference, ask_id)
    others = {reference.earlier_ask_id} if reference else set()
    outcomes.lock_all(tx.session, {ask_id, *others})


def keep_answered(tx: Transaction, ask_id: int, ts: str) -> None:
    """Let an ask be solved, not taken back: a reply came before its deletion."""
    reference = references.find(tx.session, ask_id)
    if reference is None or not is_withdrawn_message(tx, ask_id, ts):
        return
    ask = tx.session.get_one(Ask, ask_id, populate_existing=True)
    channel = tx.session.get_one(Channel, ask.channel_id)
    ask.deleted_at, ask.ts = None, ts
    reference.is_withdrawn, reference.withdrawn_ts = False, None
    tx.session.flush()
    references.mark_solved(
        tx, ask, channel, is_present=True, event_micros=reference.event_micros
    )
    request_thread_sync(tx, ask, channel)
