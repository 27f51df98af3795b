"""Members who no longer take part in what matches people, or whom the bot paused."""

from datetime import timedelta

from sqlalchemy import delete

from bot.clock import datetime_to_micros
from bot.runtime import Transaction
from models import BuddyOffer, ExchangeWish, PairOptIn

KEPT_FOR = timedelta(days=365)
RETENTION = "A year after a no."


def is_paused(row: BuddyOffer | PairOptIn) -> bool:
    """Return True if the bot has paused it since the member's last press."""
    if row.paused_at is None:
        return False
    return datetime_to_micros(row.paused_at) >= row.event_micros


def purge(
    tx: Transaction, model: type[BuddyOffer] | type[ExchangeWish] | type[PairOptIn]
) -> None:
    """Delete each no of more than a year ago: without a row, it is the same."""
    tx.session.execute(
        delete(model).where(
            model.installation_id == tx.workspace.id,
            model.is_in.is_(False),
            model.event_micros < datetime_to_micros(tx.now - KEPT_FOR),
        )
    )
