"""Members' settings that belong to no feature."""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from bot.errors import UserError
from bot.forms import calendar
from bot.forms.fields import Day, Line, TimeOfDay, Topics
from bot.forms.setting import MemberSetting
from bot.runtime import Transaction
from bot.workspace import member_settings, members
from bot.workspace.member_settings import column_setting

MAX_PAUSE = timedelta(days=366)


def _put_pause(tx: Transaction, member: str, until: date | None) -> None:
    """Store the pause; today as its end ends a pause."""
    today = members.today(tx, member)
    member_settings.update(tx, member, paused_until=None if until == today else until)


def _get_pause(tx: Transaction, member: str) -> date | None:
    settings = member_settings.get(tx, member)
    today = members.today(tx, member)
    return settings.paused_until if settings.is_paused(today) else None


def _summarize_topics(values: Mapping[str, Any], _zone: str) -> tuple[str, str]:
    return "Topics you know", ", ".join(values["topics_known"]) or "not set"


def _summarize_hours(values: Mapping[str, Any], zone: str) -> tuple[str, str]:
    hours = (
        f"{_format_time(values['hours_from'])} to {_format_time(values['hours_to'])}"
    )
    return "Hours when I may write to you", f"{hours}, {zone}"


def _format_time(at: time) -> str:
    return at.isoformat("minutes")


SETTINGS: Sequence[MemberSetting] = (
    column_setting(
        Topics(
            name="topics_known",
            label="Topics I know",
            hint="Separated by commas. Asks on these topics come first on your Home"
            " tab.",
        ),
        position=10,
        summarize=_summarize_topics,
    ),
    MemberSetting(
        Day(
            name="paused_until",
            label="Pause until",
            hint="Until that day I only write about things you do yourself. To end a"
            " pause, pick today.",
        ),
        _get_pause,
        _put_pause,
        position=30,
    ),
    column_setting(
        TimeOfDay(name="hours_from", label="I may write to you from"),
        position=40,
        summarize=_summarize_hours,
    ),
    column_setting(
        TimeOfDay(
            name="hours_to",
            label="I may write to you until",
            hint="I won't message you unprompted outside these hours or at weekends.",
        ),
        position=50,
    ),
    column_setting(
        Line(
            name="holidays_of",
            label="My public holidays",
            hint="A country code such as DE, or a region such as DE-BY or US-CA. On"
            " these days I won't message you unprompted, nor suggest meetings.",
            parse=lambda typed, field: calendar.read_region(typed, field=field),
            format=lambda region: region or "",
            max_length=calendar.MAX_REGION_LENGTH,
        ),
        position=52,
    ),
)


def check_member_settings(values: Mapping[str, Any], *, today: date) -> None:
    """Raise UserError for values that are valid alone, but not together or today.

    `today` is the date in the member's zone.
    """
    if values["hours_from"] == values["hours_to"]:
        raise UserError("Choose an hour later than the first one.", field="hours_to")
    until = values["paused_until"]
    if until is not None and until < today:
        raise UserError(
            "That day is over. Pick a later one, or today to end a pause.",
            field="paused_until",
        )
    if until is not None and until > today + MAX_PAUSE:
        raise UserError("Pick a day within a year from today.", field="paused_until")
