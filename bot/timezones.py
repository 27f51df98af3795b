"""Local days and hours, in IANA zones: pure, and right when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones, reset_tzpath

DAY_START, DAY_END = time(9), time(17)

_SATURDAY = 5
# Some systems list these as zones; they name no place.
_NOT_PLACES = frozenset({"Factory", "localtime"})


# The rules are those of the package tzdata, which is pinned and shown. Those of the
# system, which would go before, may be years old.
reset_tzpath(to=())
ZoneInfo.clear_cache()

# Named in the other direction: Etc/GMT+5 is five hours behind UTC.
_FIXED_PREFIX = "Etc/GMT"
_FIXED_NAMES = frozenset(
    {"EST", "MST", "HST", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "Etc/Greenwich"}
)
# Of places that are not whole hours from UTC, one for each offset.
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
    """The names of all zones that we know, spelt as IANA spells them."""
    return frozenset(available_timezones() - _NOT_PLACES)


def get(name: str | None) -> ZoneInfo | None:
    """The zone of that IANA name ("Europe/Berlin"); None if there is none.

    The name may come from anybody: it is looked up in the list of names, never in a
    file system. Names are spelt exactly.
    """
    return ZoneInfo(name) if name in known_names() else None


def name_for_offset(offset: object) -> str | None:
    """The name of a zone that many seconds east of UTC; None where there is none.

    For people of whom only that is known, as Slack's `tz_offset` says it.
    """
    if not isinstance(offset, int) or isinstance(offset, bool):
        return None
    hours = offset / 3600
    if hours == 0:
        return "UTC"
    name = _FRACTIONAL_OFFSETS.get(hours, f"{_FIXED_PREFIX}{-round(hours):+d}")
    return name if name in known_names() else None


def is_fixed_offset(name: str) -> bool:
    """Whether the zone is of no place, and its clocks never change, unlike a place's.

    UTC is left out: whoever chooses it means that.
    """
    return name in _FIXED_NAMES or name.startswith(_FIXED_PREFIX)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local time, which carries no zone itself.

    A time that the clocks skip is moved forward by as much as they skip; of one that
    they show twice, the first is meant.
    """
    if local.tzinfo is not None:
        raise ValueError("a local time with a zone")
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def local_date(now: datetime, zone: ZoneInfo) -> date:
    """The date on the wall in that zone."""
    return now.astimezone(zone).date()


def format_day(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The local day of `at`, as people write it: "2 Mar", or "2 Mar 2025"."""
    day = local_date(at, zone)
    is_this_year = day.year == local_date(now, zone).year
    return f"{day.day} {day:%b}" if is_this_year else f"{day.day} {day:%b %Y}"


def format_time(at: datetime, zone: ZoneInfo) -> str:
    """A time on the clocks there, and which those are: "2 Mar 11:00 EET"."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %H:%M} {_abbreviation(local)}"


def format_full(at: datetime, zone: ZoneInfo) -> str:
    """The same with the weekday: "Friday 4 December at 09:00 EET"."""
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B at %H:%M} {_abbreviation(local)}"


def _abbreviation(local: datetime) -> str:
    """Name a zone as people there do: "EET"; "UTC+03" where it has no such name."""
    name = f"{local:%Z}"
    return f"UTC{name}" if name[:1] in {"+", "-"} else name


def day_bounds(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The UTC instants at which the local day of `now` starts, and the next one does.

    They are 23 or 25 hours apart where the clocks change, and the day starts at one
    o'clock where midnight is skipped.
    """
    today = local_date(now, zone)
    start, end = (
        to_utc(datetime.combine(day, time()), zone)
        for day in (today, today + timedelta(days=1))
    )
    return start, end


def next_open_time(
    now: datetime,
    zone: ZoneInfo,
    start: time = DAY_START,
    end: time = DAY_END,
    *,
    include_weekends: bool = False,
) -> datetime:
    """`now`, or the first later UTC instant from `start` until before `end` there.

    Hours that end no later than they start go on into the next day, and count as
    hours of the day that they start on. Without `weekends`, Saturdays and Sundays
    are left out.
    """
    today = local_date(now, zone)
    for ahead in count(-1):
        day = today + timedelta(days=ahead)
        if day.weekday() >= _SATURDAY and not include_weekends:
            continue
        last = day if start < end else day + timedelta(days=1)
        opens = to_utc(datetime.combine(day, start), zone)
        closes = to_utc(datetime.combine(last, end), zone)
        if now < closes and opens < closes:
            return max(now.astimezone(UTC), opens)
    raise AssertionError("the days never end")
