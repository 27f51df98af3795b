"""The random time between a press and its post, as the workspace chooses."""

from datetime import datetime, timedelta

from bot.anonymity import rules
from bot.runtime import Transaction
from bot.workspace import workspace_settings


def longest_minutes(tx: Transaction) -> int:
    """Return the minutes within which a post comes."""
    return workspace_settings.get(tx).anonymous_delay_minutes


def minutes_of_press(tx: Transaction, preview_minutes: object) -> int:
    """Return the minutes that the author was shown, or the present ones if longer.

    A shorter time that the workspace chose meanwhile is not what they agreed to.
    """
    minutes = longest_minutes(tx)
    if isinstance(preview_minutes, int) and preview_minutes in rules.GUESSED_ONE_IN:
        return max(minutes, preview_minutes)
    return minutes


def longest(tx: Transaction, minutes: int | None = None) -> timedelta:
    """Return the longest time that a post waits: the minutes, or the setting."""
    return timedelta(minutes=longest_minutes(tx) if minutes is None else minutes)


def due_at(tx: Transaction, minutes: int | None = None) -> datetime:
    """Return a random time for a post of now, within the minutes or the setting."""
    return tx.now + rules.random_delay(longest(tx, minutes))
