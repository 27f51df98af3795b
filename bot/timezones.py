"""Local days and hours in IANA zones, correct when the clocks change. Pure."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones, reset_tzpath

DAY_START, DAY_END = time(9), time(17)

_SATURDAY = 5
# Some systems list these names among the zones, although they stand for no place.
_NOT_PLACES = frozenset({"Factory", "localtime"})


# Use the rules of the pinned package tzdata. The system's rules would take precedence,
# and may be years old.
reset_tzpath(to=())
ZoneInfo.clear_cache()

# The sign is inverted: Etc/GMT+5 is five hours behind UTC.
_FIXED_PREFIX = "Etc/GMT"
_FIXED_NAMES = frozenset(
    {"EST", "MST", "HST", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "Etc/Greenwich"}
)
# A zone for each offset that is no whole number of hours.
_FRACTIONAL_OFFSETS = MappingProxyType(
    {
        -9.5: "Pacific/Marquesas",
        -3.5: "America/St_Johns",
        -2.5: "America/St_Johns",
        3.5: "Asia/Tehran",
        4.5: "Asia/Kabul",
        5.5: "Asia/Kolkata",
        5.75: "Asia/Kathmandu",
        6.5: "Asia/Yangon",
        8.75: "Australia/Eucla",
        9.5: "Australia/Darwin",
        10.5: "Australia/Lord_Howe",
        12.75: "Pacific/Chatham",
        13.75: "Pacific/Chatham",
    }
)


@cache
def known_names() -> frozenset[str]:
    """Return the names of all known zones, in IANA's spelling."""
    return frozenset(available_timezones() - _NOT_PLACES)


def get(name: str | None) -> ZoneInfo | None:
    """Return the zone of an IANA name ("Europe/Berlin"), or None.

    The name may be untrusted: it is looked up in the list of names, never in a file
    system. The spelling must be exact.
    """
    return ZoneInfo(name) if name in known_names() else None


def get_or_utc(name: str | None) -> ZoneInfo:
    """Return the zone of an IANA name, or UTC if there is none."""
    return get(name) or ZoneInfo("UTC")


def name_for_offset(offset: object) -> str | None:
    """Return the name of a zone by its seconds east of UTC, or None.

    Slack sends `tz_offset` even for members whose zone it does not name.
    """
    if not isinstance(offset, int) or isinstance(offset, bool):
        return None
    hours = offset / 3600
    if hours == 0:
        return "UTC"
    name = _FRACTIONAL_OFFSETS.get(hours, f"{_FIXED_PREFIX}{-round(hours):+d}")
    return name if name in known_names() else None


def is_fixed_offset(name: str) -> bool:
    """Return True for a zone that is no place, so its clocks never change.

    UTC is left out: it is a deliberate choice.
    """
    return name in _FIXED_NAMES or name.startswith(_FIXED_PREFIX)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a local time (naive; else ValueError).

    A time that the clocks skip is moved forward by as much as they skip; a time that
    they show twice is the first.
    """
    if local.tzinfo is not None:
        raise ValueError("a local time with a zone")
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def local_date(now: datetime, zone: ZoneInfo) -> date:
    """Return the local date in that zone."""
    return now.astimezone(zone).date()


def day_bounds(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the UTC instants of the start and end of the local day of `now`.

    They are 23 or 25 hours apart when the clocks change; the day starts at one o'clock
    if midnight is skipped.
    """
    today = local_date(now, zone)
    start, end = (
        to_utc(datetime.combine(day, time()), zone)
        for day in (today, today + timedelta(days=1))
    )
    return start, end


def is_weekend(day: date) -> bool:
    """Return True on Saturdays and Sundays."""
    return day.weekday() >= _SATURDAY


def next_open_time(
    now: datetime,
    zone: ZoneInfo,
    start: time = DAY_START,
    end: time = DAY_END,
    *,
    is_day_off: Callable[[date], bool] = is_weekend,
) -> datetime:
    """Return `now`, or the next UTC instant within local hours [start, end).

    Hours whose `end` is not after `start` run into the next day, and belong to the day
    on which they start. Days off are skipped; by default Saturdays and Sundays.
    """
    today = local_date(now, zone)
    for ahead in count(-1):
        day = today + timedelta(days=ahead)
        if is_day_off(day):
            continue
        last = day if start < end else day + timedelta(days=1)
        opens = to_utc(datetime.combine(day, start), zone)
        closes = to_utc(datetime.combine(last, end), zone)
        if now < closes and opens < closes:
            return max(now.astimezone(UTC), opens)
    raise AssertionError("the days never end")
