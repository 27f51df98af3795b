"""The only clock, and Slack's way of writing a time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# By how much Slack's clock may be ahead of ours. What is later than that was recorded
# while ours was ahead, and has been set back since.
MAX_CLOCK_SKEW = timedelta(minutes=5)
# Of the seconds since 1970: up to the year 5138.
_MAX_DIGITS = 11


def utc_now() -> datetime:
    return datetime.now(UTC)


def ts_to_micros(ts: str) -> int:
    """Microseconds since 1970 of a Slack `ts` such as "1700000000.000100".

    Raises ValueError for anything else, and for years that no calendar of ours has.
    """
    seconds, _, fraction = ts.partition(".")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= _MAX_DIGITS):
        raise ValueError("not a Slack ts")
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        raise ValueError("not a Slack ts")
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def datetime_to_micros(at: datetime) -> int:
    """Microseconds since 1970 of a time with a zone."""
    return (at - EPOCH) // timedelta(microseconds=1)


def ts_to_datetime(ts: str) -> datetime:
    """The UTC time of a Slack `ts`; raises ValueError if it is none."""
    return EPOCH + timedelta(microseconds=ts_to_micros(ts))
