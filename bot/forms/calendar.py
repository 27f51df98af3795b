"""Read time zones, dates and regions that people type. Pure."""

import re
from contextlib import suppress
from datetime import date
from zoneinfo import ZoneInfo

from bot import public_holidays, timezones
from bot.errors import UserError
from bot.slack.text import one_line, sanitize, truncate

MAX_ZONE_LENGTH = 60
MAX_REGION_LENGTH = 10
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# A region has holidays in any year.
_ANY_YEAR = 2026


def read_zone(typed: str, *, field: str) -> ZoneInfo:
    """Return the zone of an IANA name. Raises UserError."""
    name = one_line(sanitize(typed)).replace(" ", "_")
    zone = timezones.get(name) or timezones.get(_canonical_name(name))
    if zone is None:
        raise UserError(
            "I don't know that time zone. Write it like Europe/Berlin or"
            " America/New_York, or UTC.",
            field=field,
        )
    return zone


def _canonical_name(name: str) -> str | None:
    """Return IANA's spelling of a zone's name, or None if there is no such zone."""
    return next(
        (n for n in timezones.known_names() if n.casefold() == name.casefold()), None
    )


def read_date(typed: str) -> date | None:
    # Only this form: other ISO forms, such as weeks, are more likely typing errors.
    if not _ISO.fullmatch(typed):
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def split_dates(typed: str) -> list[str]:
    return typed.replace(",", " ").replace(";", " ").split()


def read_dates(typed: str, *, field: str, limit: int) -> list[date]:
    """Return the dates in order. Raises UserError."""
    days: set[date] = set()
    for word in split_dates(typed):
        day = read_date(word)
        if day is None:
            raise UserError(
                f"“{truncate(sanitize(word), 30)}” is no date. Write dates like"
                " 2026-12-24.",
                field=field,
            )
        days.add(day)
    if len(days) > limit:
        raise UserError(f"Up to {limit} dates, please.", field=field)
    return sorted(days)


def read_region(typed: str, *, field: str) -> str | None:
    """Return an ISO 3166 country or part of one with known holidays, or None for "".

    Raises UserError.
    """
    region = one_line(sanitize(typed)).upper()
    if not region:
        return None
    if region.partition("-")[0] in public_holidays.countries():
        with suppress(ValueError):
            public_holidays.holidays(region, _ANY_YEAR)
            return region
    raise UserError(
        "I don't know that country or region. Write a country code such as DE, or a"
        " region such as DE-BY or US-CA.",
        field=field,
    )
