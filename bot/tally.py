"""Counts the messages that people write, in memory, until somebody writes them down."""

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import date

from bot.clock import moment

# Slack's id of the channel, the day (UTC), Slack's id of the person.
Slot = tuple[str, date, str]

# Slack delivers again what it thinks was not taken, within minutes: this many
# messages, and as many before them, are remembered for it.
REMEMBERED = 20_000


class Tally:
    """For any thread. The counts are nearly right, which is all that they are for.

    What was not taken when the process dies is lost; and each process remembers for
    itself, so that a message that Slack delivers again, to another replica, counts
    twice. To know better would take a row for each message that anybody writes.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._counts: Counter[Slot] = Counter()
        self._seen: set[tuple[str, str]] = set()
        self._seen_before: set[tuple[str, str]] = set()

    def count(self, channel: str, member: str, ts: str) -> None:
        """Count a message by its Slack ids, once however often it is delivered."""
        message = (channel, ts)
        with self._guard:
            if message in self._seen or message in self._seen_before:
                return
            if len(self._seen) >= REMEMBERED:
                self._seen_before, self._seen = self._seen, set()
            self._seen.add(message)
            self._counts[channel, moment(ts).date(), member] += 1

    def take(self) -> Mapping[Slot, int]:
        """What was counted since it was taken last."""
        with self._guard:
            taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, taken: Mapping[Slot, int]) -> None:
        """It could not be written down: it is taken again next time."""
        with self._guard:
            self._counts.update(taken)
