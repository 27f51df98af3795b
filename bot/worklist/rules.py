"""Rules of the champions' work list: turns, limits and times. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, time, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from bot import timezones

MAX_PER_WEEK = 5
WEEK = timedelta(days=7)
# The person who got the fewest suggestions in this time is next.
FAIRNESS = timedelta(days=28)
# Three working days; then it is the next champion's turn.
WORKING_HOURS = 24.0
# Items that ended are stored for so long.
KEPT_FOR = timedelta(days=90)

MONDAY_AT = time(10)
# Without a job in this time, nobody gets Monday's message.
_MONDAY_UNTIL = time(17)
_SOONER = timedelta(hours=1)
_MINUTES_OF_AN_HOUR = 60


class Loads:
    """The numbers of suggestions that people got lately, with those of now."""

    def __init__(
        self, assigned: Iterable[tuple[str, datetime]], *, now: datetime
    ) -> None:
        """Take people with the times (UTC) at which they got each suggestion."""
        recent = [(member, at) for member, at in assigned if at > now - FAIRNESS]
        self._fair = Counter(member for member, _ in recent)
        self._week = Counter(member for member, at in recent if at > now - WEEK)

    def room(self, person: str) -> int:
        """Return how many suggestions they may still get."""
        return max(0, MAX_PER_WEEK - self._week[person])

    def choose(self, people: Collection[str]) -> str | None:
        """Return the person whose turn it is, and count it; None if nobody has room.

        It is the one with the fewest suggestions, then the first by id.
        """
        free = [person for person in people if self.room(person)]
        if not free:
            return None
        chosen = min(free, key=lambda person: (self._fair[person], person))
        self._fair[chosen] += 1
        self._week[chosen] += 1
        return chosen


def monday_message_at(now: datetime, zone: ZoneInfo, person: str) -> datetime | None:
    """Return when a person gets this Monday's message (UTC); None if not about now.

    All messages of a zone are spread over the hour from MONDAY_AT. They are enqueued up
    to an hour before.
    """
    day = timezones.local_date(now + _SOONER, zone)
    if day.weekday():
        return None
    starts, ends = (
        timezones.to_utc(datetime.combine(day, hour), zone)
        for hour in (MONDAY_AT, _MONDAY_UNTIL)
    )
    if not starts - _SOONER <= now < ends:
        return None
    minutes = crc32(person.encode()) % _MINUTES_OF_AN_HOUR
    return max(now, starts + timedelta(minutes=minutes))
