"""Counts the messages that people write, in memory, until somebody writes them down."""

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import date

from bot.clock import ts_to_datetime

# Slack's id of the channel, the day (UTC), Slack's id of the person.
DayKey = tuple[str, date, str]

# Slack delivers again what it thinks was not taken, within minutes: this many
# messages, and as many before them, are remembered for it.
DEDUP_WINDOW = 20_000


class MessageCounter:
    """For any thread. The counts are nearly right, which is all that they are for.

    What was not taken when the process dies is lost; and each process remembers for
    itself, so that a message that Slack delivers again, to another replica, counts
    twice. To know better would take a row for each message that anybody writes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[DayKey] = Counter()
        self._seen: set[tuple[str, str]] = set()
        self._seen_before: set[tuple[str, str]] = set()

    def record(self, channel: str, member: str, ts: str) -> None:
        """Count a message by its Slack ids, once however often it is delivered."""
        message = (channel, ts)
        with self._lock:
            if message in self._seen or message in self._seen_before:
                return
            if len(self._seen) >= DEDUP_WINDOW:
                self._seen_before, self._seen = self._seen, set()
            self._seen.add(message)
            self._counts[channel, ts_to_datetime(ts).date(), member] += 1

    def drain(self) -> Mapping[DayKey, int]:
        """What was counted since it was taken last."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def restore(self, counts: Mapping[DayKey, int]) -> None:
        """It could not be written down: it is taken again next time."""
        with self._lock:
            self._counts.update(counts)
