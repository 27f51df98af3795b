"""The public holidays of countries and parts of them. Pure."""

from collections.abc import Mapping
from datetime import date
from functools import cache

_SATURDAY = 5


@cache
def holidays(region: str, year: int) -> Mapping[date, str]:
    """Return the public holidays of a country or part of one, by date.

    Raises ValueError for an unknown region.
    """
    # The import takes a fifth of a second, and most channels need no holidays.
    import holidays as calendars  # noqa: PLC0415

    country, _, part = region.partition("-")
    try:
        calendar = calendars.country_holidays(
            country, subdiv=part or None, years=year, language="en_US"
        )
    except NotImplementedError as error:
        raise ValueError("no such place") from error
    return dict(calendar.items())


def is_holiday(day: date, region: str | None) -> bool:
    """Return True on a public holiday of the region; without a region there is none."""
    return region is not None and day in holidays(region, day.year)


def is_day_off(day: date, region: str | None) -> bool:
    """Return True on Saturdays, Sundays and the region's public holidays."""
    return day.weekday() >= _SATURDAY or is_holiday(day, region)


@cache
def countries() -> frozenset[str]:
    """Return the codes of the countries with known holidays."""
    import holidays as calendars  # noqa: PLC0415

    return frozenset(calendars.list_supported_countries(include_aliases=False))
