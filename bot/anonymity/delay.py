"""The random time between a press and its post, as the workspace chooses."""

from datetime import datetime, timedelta

from bot.anonymity import rules
from bot.runtime import Transaction
from bot.workspace import workspace_settings


def longest_minutes(tx: Transaction) -> int:
    """Return the minutes within which a post comes."""
    return workspace_settings.get(tx).anonymous_delay_minutes


def due_at(tx: Transaction) -> datetime:
    """Return a random time for a post of now."""
    return tx.now + rules.random_delay(timedelta(minutes=longest_minutes(tx)))
