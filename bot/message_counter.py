"""Count the messages that people write, in memory, until they are written down."""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date

from bot.clock import ts_to_datetime

# Slack's id of the channel, the day (UTC), Slack's id of the person.
DayKey = tuple[str, date, str]

# Slack delivers again what it thinks was not taken, within minutes: this many
# messages, and as many before them, are remembered for it.
DEDUP_WINDOW = 20_000


class MessageCounter:
    """Counts the messages of each workspace; for any thread.

    The counts are nearly right, which is all that they are for. What was not drained
    when the process dies is lost; and each process remembers for itself, so a message
    that Slack delivers again, to another replica, counts twice. To know better would
    take a row for each message that anybody writes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By the id of the installation.
        self._counts: defaultdict[int, Counter[DayKey]] = defaultdict(Counter)
        self._seen: set[tuple[int, str, str]] = set()
        self._seen_before: set[tuple[int, str, str]] = set()

    def record(self, installation_id: int, channel: str, member: str, ts: str) -> None:
        """Count a message by its Slack ids, once however often it is delivered."""
        message = (installation_id, channel, ts)
        with self._lock:
            if message in self._seen or message in self._seen_before:
                return
            if len(self._seen) >= DEDUP_WINDOW:
                self._seen_before, self._seen = self._seen, set()
            self._seen.add(message)
            day = ts_to_datetime(ts).date()
            self._counts[installation_id][channel, day, member] += 1

    def drain(self, installation_id: int) -> Mapping[DayKey, int]:
        """Return what was counted in a workspace since the last time."""
        with self._lock:
            return self._counts.pop(installation_id, Counter())

    def restore(self, installation_id: int, counts: Mapping[DayKey, int]) -> None:
        """Put back what could not be written down, for the next time."""
        with self._lock:
            self._counts[installation_id].update(counts)
