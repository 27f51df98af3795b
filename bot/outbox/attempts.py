"""Limits and delays for further attempts at a delivery."""

from datetime import datetime, timedelta
from typing import Any

from bot.outbox.queue import Delivery
from bot.slack.api import SlackError

# After this many failures, which take more than an hour, a message is given up.
MAX_FAILURES = 16
# Slack's history may lag behind its writes: a message that is not found is looked up
# once more, this much later, before it counts as not sent.
MAX_VERIFY_ATTEMPTS = 2
VERIFY_DELAY = timedelta(seconds=10)


def unsent_state(delivery: Delivery) -> str:
    return "unconfirmed" if delivery.is_unconfirmed else "pending"


def retry_at(delivery: Delivery, now: datetime) -> datetime:
    """Return the time of the next attempt: the delay doubles, up to ten minutes."""
    return now + timedelta(seconds=min(2 ** (delivery.failures + 1), 600))


def log_fields(delivery: Delivery, error: SlackError) -> dict[str, Any]:
    return {
        "kind": delivery.kind,
        "item": delivery.id,
        "method": error.method,
        "error": error.code,
    }
