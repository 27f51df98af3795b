"""Delete what says only that a member no longer takes part, some time after it."""

from datetime import timedelta

from sqlalchemy import delete

from bot.clock import datetime_to_micros
from bot.runtime import Transaction
from models import BuddyOffer, ExchangeWish, PairOptIn

KEPT_FOR = timedelta(days=365)
RETENTION = "A year after a no."


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
