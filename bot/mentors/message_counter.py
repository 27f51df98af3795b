"""Count messages per channel, day and member, in memory until they are stored."""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date

from bot.clock import ts_to_datetime

# Slack's id of the channel, the day (UTC), Slack's id of the member.
DayKey = tuple[str, date, str]

# Slack repeats an event, within minutes, if it missed our response. To recognise
# repetitions, up to twice this many messages are remembered.
DEDUP_WINDOW = 20_000


class MessageCounter:
    """Thread-safe counts, accurate enough for their purpose.

    Unstored counts are lost when the process dies. Each process remembers its own
    messages, so a message that Slack delivers again, to another replica, counts twice.
    Exact counts would need a row for each message.
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
        """Return the counts since the last drain, and reset them."""
        with self._lock:
            return self._counts.pop(installation_id, Counter())

    def restore(self, installation_id: int, counts: Mapping[DayKey, int]) -> None:
        """Add counts back that could not be stored; the next drain returns them."""
        with self._lock:
            self._counts[installation_id].update(counts)
