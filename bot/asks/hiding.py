"""Hide an ask that people have reported: it counts as deleted, and may come back."""

from bot.asks import capture, outcome_notifications
from bot.asks.service import mark_deleted
from bot.runtime import Transaction
from models import Ask, Channel


def hide(tx: Transaction, ask: Ask) -> None:
    """Hide a locked ask from everyone; its message says so."""
    ask.is_hidden = True
    mark_deleted(tx, ask)


def show(tx: Transaction, ask: Ask) -> None:
    """Show a hidden, locked ask again, with what happened meanwhile."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    ask.is_hidden = False
    capture.restore(tx, ask, channel, is_restored=True)


def erase(tx: Transaction, ask: Ask) -> None:
    """Delete a hidden, locked ask with its words and its message."""
    ask.is_hidden = False
    ask.title = ask.details = ""
    ask.topics, ask.what_worked = [], None
    tx.features.on_title_changed(tx, ask)
    outcome_notifications.update_message(tx, ask)
