"""Limits and delays for further attempts at a delivery."""

from datetime import datetime, timedelta
from typing import Any

from bot.outbox.queue import Delivery
from bot.slack.api import SlackError

# After this many failures, over more than an hour, nobody waits for the message.
MAX_FAILURES = 16


MAX_VERIFY_ATTEMPTS = 2


VERIFY_DELAY = timedelta(seconds=10)


def unsent_state(delivery: Delivery) -> str:
    return "unconfirmed" if delivery.is_unconfirmed else "pending"


def retry_at(delivery: Delivery, now: datetime) -> datetime:
    """Twice as long after each failure, at most ten minutes."""
    return now + timedelta(seconds=min(2 ** (delivery.failures + 1), 600))


def log_fields(delivery: Delivery, error: SlackError) -> dict[str, Any]:
    return {
        "kind": delivery.kind,
        "item": delivery.id,
        "method": error.method,
        "error": error.code,
    }
