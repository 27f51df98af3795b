"""The form that sets up a check-in, and its validated specification. Pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.checkins.rules import NTH, Every, Recurrence
from bot.errors import UserError
from bot.forms import calendar
from bot.slack.text import full_stop, one_line, sanitize, to_mrkdwn, to_plain, truncate

DEFAULT_QUESTION = "What are you working on this week?"
DEFAULT_HINT = "Just a sentence or two"
DEFAULT_OPEN_DAYS = 4
MAX_OPEN_DAYS = 14
DEFAULT_REMIND_AFTER = 24
# Hours; 0: no reminder.
REMIND_AFTER_CHOICES = (4, 24, 48, 72, 0)

MAX_QUESTION_LENGTH = 150
MAX_REFLECTIONS = 12
MAX_REFLECTIONS_LENGTH = 1200
MAX_SKIPS = 40
MAX_SKIPS_LENGTH = 500
_MAX_DISTANCE = timedelta(days=730)
_FORTNIGHT = timedelta(days=14)
# Slack's limit for a view's private metadata is 3,000 characters; some are not ours.
_MAX_DRAFT_LENGTH = 2800


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """The submitted form: each field as Slack sends it, not validated."""

    question: str
    hint: str
    reflections: str
    # "week", "two weeks", or "month:" and a key of NTH.
    every: str
    weekdays: tuple[str, ...]
    at: str
    zone: str
    starts_on: str
    skips: str
    holidays_of: str
    open_days: str
    # The field's name in Slack; views that are open during an upgrade have it.
    nudge_after: str


@dataclass(frozen=True, slots=True)
class ScheduleSpec:
    """A validated check-in, as it is stored. Texts are mrkdwn."""

    question: str
    hint: str
    reflections: tuple[str, ...]
    recurrence: Recurrence
    at: time
    zone: ZoneInfo
    open_days: int
    # Hours; None: no reminder.
    remind_after: int | None


def parse(form: ScheduleForm, *, today: date) -> ScheduleSpec:
    """Validate the form. Raises UserError, with the field, for the first error.

    `today` is the current date in UTC.
    """
    question = one_line(sanitize(form.question))
    if not question:
        raise UserError("Write the question.", field="question")
    reflections = [one_line(sanitize(line)) for line in form.reflections.splitlines()]
    reflections = list(filter(None, reflections))
    if len(reflections) > MAX_REFLECTIONS:
        raise UserError(
            f"Up to {MAX_REFLECTIONS} questions, please. You gave {len(reflections)}.",
            field="reflections",
        )
    if any(len(line) > MAX_QUESTION_LENGTH for line in reflections):
        raise UserError(
            "Write one question per line, each at most"
            f" {MAX_QUESTION_LENGTH} characters long.",
            field="reflections",
        )
    every, nth = _every(form.every)
    return ScheduleSpec(
        question=to_mrkdwn(truncate(question, MAX_QUESTION_LENGTH)),
        hint=to_mrkdwn(truncate(one_line(sanitize(form.hint)), MAX_QUESTION_LENGTH)),
        reflections=tuple(map(to_mrkdwn, reflections)),
        recurrence=Recurrence(
            every=every,
            nth=nth,
            weekdays=_weekdays(form.weekdays),
            starts_on=_start(form.starts_on, today),
            skips=_skips(form.skips, today),
            holidays_of=calendar.read_region(form.holidays_of, field="holidays_of"),
        ),
        at=_time(form.at),
        zone=calendar.read_zone(form.zone, field="zone"),
        open_days=_number(form.open_days, range(1, MAX_OPEN_DAYS + 1), "open_days"),
        remind_after=_number(form.nudge_after, REMIND_AFTER_CHOICES, "nudge_after")
        or None,
    )


def dump(form: ScheduleForm) -> dict[str, Any]:
    """Return the form as JSON for metadata; raises UserError if it is too long."""
    data = asdict(form)
    text = json.dumps(data, ensure_ascii=False)
    # Slack counts UTF-16 units: an emoji counts as two.
    if len(text.encode("utf-16-le")) > 2 * _MAX_DRAFT_LENGTH:
        raise UserError(
            "This is more text than Slack can store. Shorten it a bit.",
            field="reflections",
        )
    return data


def load(data: object) -> ScheduleForm:
    """Return the form that `dump` returned; raises ValueError for anything else."""
    names = {field.name for field in fields(ScheduleForm)}
    if not isinstance(data, dict) or data.keys() != names:
        raise ValueError("no draft")
    return ScheduleForm(**data | {"weekdays": tuple(data["weekdays"])})


def to_form(spec: ScheduleSpec, *, today: date) -> ScheduleForm:
    """Return the form's values for an existing check-in."""
    recurrence = spec.recurrence
    return ScheduleForm(
        question=to_plain(spec.question),
        hint=to_plain(spec.hint),
        reflections="\n".join(map(to_plain, spec.reflections)),
        every=_option(recurrence),
        weekdays=tuple(map(str, sorted(recurrence.weekdays))),
        at=f"{spec.at:%H:%M}",
        zone=spec.zone.key,
        starts_on=_advance(recurrence.starts_on, today).isoformat(),
        skips=", ".join(
            day.isoformat() for day in sorted(recurrence.skips) if day >= today
        ),
        holidays_of=recurrence.holidays_of or "",
        open_days=str(spec.open_days),
        nudge_after=str(spec.remind_after or 0),
    )


def _option(recurrence: Recurrence) -> str:
    if recurrence.every == "month":
        return f"month:{recurrence.nth}"
    return recurrence.every


def _advance(start: date, today: date) -> date:
    """Move a past start by whole fortnights, which keeps the recurrence the same."""
    if start >= today:
        return start
    return start + (today - start) // _FORTNIGHT * _FORTNIGHT


def _every(value: str) -> tuple[Every, int | None]:
    every, _, nth = value.partition(":")
    if every == "month" and nth in {str(number) for number in NTH}:
        return "month", int(nth)
    if every == "week" and not nth:
        return "week", None
    if every == "two weeks" and not nth:
        return "two weeks", None
    raise UserError("Choose how often.", field="every")


def _weekdays(values: Sequence[str]) -> frozenset[int]:
    if not values or not set(values) <= set("1234567"):
        raise UserError("Choose at least one weekday.", field="weekdays")
    return frozenset(map(int, values))


def _time(typed: str) -> time:
    try:
        at = time.fromisoformat(typed)
    except ValueError:
        raise UserError("Choose a time, such as 09:30.", field="at") from None
    if at.tzinfo is not None or at.second or at.microsecond:
        raise UserError("Choose a time, such as 09:30.", field="at")
    return at


def _start(typed: str, today: date) -> date:
    day = calendar.read_date(typed)
    if day is None or not _is_near(day, today):
        raise UserError("Choose a day within the next two years.", field="starts_on")
    return day


def _is_near(day: date, today: date) -> bool:
    return abs(day - today) <= _MAX_DISTANCE


def _skips(typed: str, today: date) -> frozenset[date]:
    words = calendar.split_dates(typed)
    dates = {word: calendar.read_date(word) for word in words}
    invalid = [
        word for word, day in dates.items() if day is None or not _is_near(day, today)
    ]
    if invalid:
        word = f"“{truncate(sanitize(invalid[0]), 30)}”"
        raise UserError(
            f"I can't skip {word}{full_stop(word)} Write dates like 2026-12-24.",
            field="skips",
        )
    days = frozenset(day for day in dates.values() if day is not None)
    if len(days) > MAX_SKIPS:
        raise UserError(f"Up to {MAX_SKIPS} dates, please.", field="skips")
    return days


def _number(value: str, allowed: Sequence[int], field: str) -> int:
    if value not in {str(number) for number in allowed}:
        raise UserError("Choose one of these.", field=field)
    return int(value)
