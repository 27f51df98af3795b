"""The forms to start a circle, and to take a place in one. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import DatePickerElement, InputBlock
from slack_sdk.models.views import View

from bot import timezones
from bot.circles import forms, rules
from bot.circles.started_blocks import StartedRow, started_lines
from bot.errors import UserError
from bot.forms.calendar import read_date
from bot.forms.fields import FormValues, Number, TimeOfDay
from bot.matching.circles import LARGEST, STAYS
from bot.slack.blocks import context_line, text_input
from bot.slack.text import to_plain, truncate

FIRST_DAY, FIRST_TIME = "first_day", "first_time"
MAX_DAYS_AHEAD = 90
SOONEST = timedelta(days=1)

# The kind and id of what a circle grows from: an ask, or a circle that has ended.
Origin = tuple[Literal["ask", "circle"], int]

_INVITED = {
    "ask": "I privately invite those who took part in the ask and are in the program.",
    "circle": "I privately invite the others of your circle who are in the program.",
}
_TIME = TimeOfDay(name=FIRST_TIME, label="At")
_PLACES = Number(
    name="places",
    label="Places, yours included",
    minimum=STAYS,
    maximum=LARGEST,
    hint=f"The circle begins when {STAYS} places are taken.",
)


@dataclass(frozen=True, slots=True)
class StartedDraft:
    """The values of a circle that a member starts; texts are mrkdwn."""

    theme: str
    brings: str
    first_day: date
    starts_at: datetime
    places: int
    meetings: int
    weeks_between: int
    minutes: int


def start_form(
    programs: Sequence[tuple[int, str]],
    *,
    first_day: date,
    theme: str = "",
    origin: Origin | None = None,
) -> View:
    """Build the form; programs have an id and a name in mrkdwn, as `theme` is.

    The people of its `origin` are invited.
    """
    return View(
        type="modal",
        callback_id="circle_start",
        title="Start a circle",
        submit="Start it",
        close="Cancel",
        private_metadata=json.dumps(dict([origin]) if origin else {}),
        blocks=[
            *([context_line(_INVITED[origin[0]])] if origin else []),
            context_line(
                "People in the program see the theme, the time, and your name, and can"
                " take a place. If too few do before the first meeting, I tell you, and"
                " the circle doesn't begin."
            ),
            forms.program_select(programs),
            text_input(
                "theme",
                "Theme",
                value=truncate(to_plain(theme), rules.MAX_THEME),
                limit=rules.MAX_THEME,
                placeholder="Giving feedback",
            ),
            InputBlock(
                block_id=FIRST_DAY,
                label="First meeting",
                element=DatePickerElement(
                    action_id=FIRST_DAY, initial_date=first_day.isoformat()
                ),
            ),
            _TIME.render(time(13)),
            forms.MEETINGS.render(6),
            forms.WEEKS.render(2),
            forms.MINUTES.render("60"),
            _PLACES.render(LARGEST),
            forms.brings_input(),
        ],
    )


def read_start(form: FormValues, *, zone: ZoneInfo, now: datetime) -> StartedDraft:
    """Return the values of the form, in the zone of the member who starts it.

    Raises UserError with the field.
    """
    theme = forms.line(form, "theme", rules.MAX_THEME)
    if not to_plain(theme).strip():
        raise UserError("Write what it is about.", field="theme")
    day = read_date(form.date(FIRST_DAY) or "")
    if day is None:
        raise UserError("Choose a day.", field=FIRST_DAY)
    today = timezones.local_date(now, zone)
    if not today <= day <= today + timedelta(days=MAX_DAYS_AHEAD):
        raise UserError(f"Choose a day within {MAX_DAYS_AHEAD} days.", field=FIRST_DAY)
    at = timezones.to_utc(datetime.combine(day, _TIME.read(form)), zone)
    if at < now + SOONEST:
        raise UserError(
            "Leave the others a day at least to take a place.", field=FIRST_DAY
        )
    return StartedDraft(
        theme=theme,
        brings=forms.read_brings(form),
        first_day=day,
        starts_at=at,
        places=_PLACES.read(form),
        meetings=forms.MEETINGS.read(form),
        weeks_between=forms.WEEKS.read(form),
        minutes=int(forms.MINUTES.read(form)),
    )


def place_form(
    row: StartedRow, zone: ZoneInfo, *, brings: str, has_other_meeting: bool
) -> View:
    """Build the form to take a place; `brings` is mrkdwn."""
    warning = "You meet in another circle at that time."
    begun = "If you ask for a place, those in it read your name and decide."
    label = "Ask for a place" if row.has_begun else "Take a place"
    return View(
        type="modal",
        callback_id="circle_signup",
        title=label,
        submit=label,
        close="Cancel",
        private_metadata=json.dumps({"season": row.season.id}),
        blocks=[
            *started_lines(row, zone),
            *([context_line(begun)] if row.has_begun else []),
            *([context_line(warning)] if has_other_meeting else []),
            forms.brings_input(brings),
        ],
    )
