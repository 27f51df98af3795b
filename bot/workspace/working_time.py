"""Count working hours: from 9 to 17 o'clock on weekdays, less days off. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from bot import timezones
from bot.timezones import DAY_END, DAY_START

_SATURDAY = 5


def _no_day(day: date) -> bool:  # noqa: ARG001 - the default of a calendar
    return False


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The working hours of a channel; `is_day_off` knows its holidays."""

    zone: ZoneInfo
    is_day_off: Callable[[date], bool] = _no_day

    def add(self, start: datetime, hours: float) -> datetime:
        """Return the UTC instant when so many working hours have passed since `start`.

        It is always within working hours: if the hours pass at the end of a day, it is
        the beginning of the next one.
        """
        left = timedelta(hours=hours)
        today = timezones.local_date(start, self.zone)
        for ahead in count():
            day = today + timedelta(days=ahead)
            if day.weekday() >= _SATURDAY or self.is_day_off(day):
                continue
            opens, closes = (self._at(day, edge) for edge in (DAY_START, DAY_END))
            begins = max(start, opens)
            if begins + left < closes:
                return begins + left
            left -= max(closes - begins, timedelta())
        raise AssertionError("the days never end")

    def _at(self, day: date, hour: time) -> datetime:
        return timezones.to_utc(datetime.combine(day, hour), self.zone)
