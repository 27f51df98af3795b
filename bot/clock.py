"""The process's clock, and conversions of Slack's timestamps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

Clock = Callable[[], datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The most that Slack's clock may be ahead of ours. A later time was recorded while our
# clock was ahead, before it was set back.
MAX_CLOCK_SKEW = timedelta(minutes=5)
# Digits of the seconds since 1970: up to the year 5138.
_MAX_DIGITS = 11


def utc_now() -> datetime:
    return datetime.now(UTC)


def parse_http_date(date: str) -> datetime | None:
    """Return the time in an HTTP `Date` header (UTC, whole seconds); None if none."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return None


def ts_to_micros(ts: str) -> int:
    """Convert a Slack `ts` such as "1700000000.000100" to microseconds since 1970.

    Raises ValueError for anything else, and for years beyond the calendar.
    """
    seconds, _, fraction = ts.partition(".")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= _MAX_DIGITS):
        raise ValueError("not a Slack ts")
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        raise ValueError("not a Slack ts")
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def datetime_to_micros(at: datetime) -> int:
    """Convert an aware datetime to microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def micros_to_datetime(micros: int) -> datetime:
    """Convert microseconds since 1970 to a UTC datetime."""
    return EPOCH + timedelta(microseconds=micros)


def ts_to_datetime(ts: str) -> datetime:
    """Convert a Slack `ts` to a UTC datetime; raises ValueError if it is invalid."""
    return micros_to_datetime(ts_to_micros(ts))
