"""The pages that set a check-in up, and the one on what became of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DatePickerElement,
    DividerBlock,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    RichTextBlock,
    StaticMultiSelectElement,
    StaticSelectElement,
    TimePickerElement,
)
from slack_sdk.models.views import View

from bot import rich
from bot.asks.blocks import name_list
from bot.checkins import plans
from bot.checkins.calendar import NTH, WEEKDAYS
from bot.checkins.plans import ScheduleForm
from bot.rich import Part, link
from bot.text import to_plain, truncate

MOST_SHOWN = 3
_MOST_NAMES = 30
_QUESTION = 80

_EVERY = (
    ("week", "Every week"),
    ("two weeks", "Every second week"),
    *((f"month:{nth}", f"Each month, the {word}") for nth, word in NTH.items()),
)
_WEEKDAYS = tuple((str(n), day) for n, day in enumerate(WEEKDAYS, 1))
_OPEN = tuple(
    (str(n), "1 day" if n == 1 else f"{n} days")
    for n in range(1, plans.MOST_OPEN_DAYS + 1)
)
_REMIND_AFTER = tuple(
    (str(hours), f"After {hours} hours" if hours else "Never")
    for hours in plans.REMIND_AFTER_CHOICES
)


def plan_form(
    channel: str, schedule_id: int | None, form: ScheduleForm, *, hint: str = ""
) -> View:
    """Fill in a check-in of the channel, Slack's id; None is a new one.

    Raises Refusal where the draft is longer than a form can carry.
    """
    is_new = schedule_id is None
    return View(
        type="modal",
        callback_id="checkin_plan",
        title="Set up a check-in" if is_new else "Change the check-in",
        submit="Next",
        close="Cancel",
        private_metadata=_metadata(channel, schedule_id),
        blocks=[
            *([_aside(hint)] if hint else []),
            _text("question", "Question", form.question, plans.LONGEST_QUESTION),
            _text(
                "hint",
                "Hint",
                form.hint,
                plans.LONGEST_QUESTION,
                hint="Shown below the question.",
                optional=True,
            ),
            _choice("every", "How often", _EVERY, form.every),
            _weekdays(form.weekdays),
            InputBlock(
                block_id="at",
                label="Time",
                element=TimePickerElement(action_id="at", initial_time=form.at or None),
            ),
            _text(
                "zone",
                "Time zone",
                form.zone,
                plans.LONGEST_ZONE,
                hint="Such as Europe/Berlin or America/New_York, or UTC.",
            ),
            InputBlock(
                block_id="starts_on",
                label="Starting",
                hint="For every second week, counts from this date.",
                element=DatePickerElement(
                    action_id="starts_on", initial_date=form.starts_on or None
                ),
            ),
            _choice("open_days", "Open for", _OPEN, form.open_days),
            _choice(
                "nudge_after",
                "Remind those who joined and have not shared",
                _REMIND_AFTER,
                form.nudge_after,
                hint="Once, by direct message, in their own daytime.",
            ),
            _text(
                "reflections",
                "Rotating questions",
                form.reflections,
                plans.LONGEST_REFLECTIONS,
                hint="One per line. Each check-in also asks the next one.",
                optional=True,
                multiline=True,
            ),
            _text(
                "skips",
                "Dates to leave out",
                form.skips,
                plans.LONGEST_SKIPS,
                hint="Such as 2026-12-24, 2026-12-31.",
                optional=True,
            ),
            _text(
                "holidays_of",
                "Leave out the holidays of",
                form.holidays_of,
                plans.LONGEST_REGION,
                hint="A country code such as DE, or a region such as DE-BY.",
                optional=True,
            ),
        ],
    )


def _text(
    name: str,
    label: str,
    value: str,
    longest: int,
    *,
    hint: str | None = None,
    optional: bool = False,
    multiline: bool = False,
) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=label,
        hint=hint,
        optional=optional or None,
        element=PlainTextInputElement(
            action_id=name,
            initial_value=value[:longest] or None,
            max_length=longest,
            multiline=multiline or None,
        ),
    )


def _choice(
    name: str,
    label: str,
    choices: Sequence[tuple[str, str]],
    chosen: str,
    *,
    hint: str | None = None,
) -> InputBlock:
    options = [Option(text=text, value=value) for value, text in choices]
    return InputBlock(
        block_id=name,
        label=label,
        hint=hint,
        element=StaticSelectElement(
            action_id=name,
            options=options,
            initial_option=next((o for o in options if o.value == chosen), None),
        ),
    )


def _weekdays(chosen: Sequence[str]) -> InputBlock:
    options = [Option(text=text, value=value) for value, text in _WEEKDAYS]
    return InputBlock(
        block_id="weekdays",
        label="On",
        element=StaticMultiSelectElement(
            action_id="weekdays",
            placeholder="Choose weekdays",
            options=options,
            initial_options=[o for o in options if o.value in chosen] or None,
        ),
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft comes to. Texts are marked text; times are written out."""

    question: str
    hint: str
    recurrence: str
    # The next times, and the dates that are left out before the last of them.
    next_times: Sequence[str]
    excluded: Sequence[str]
    summary: str
    # What is to be known of the zone; "" where it is a place's.
    zone_note: str = ""


def preview(
    channel: str, schedule_id: int | None, form: ScheduleForm, content: Preview
) -> View:
    """The second page: when it comes, before anything is saved."""
    blocks: list[Block] = [
        rich.user_text(content.question, limit=plans.LONGEST_QUESTION, is_bold=True),
    ]
    if content.hint:
        blocks.append(rich.user_text(content.hint, limit=plans.LONGEST_QUESTION))
    blocks += [
        rich.inline(f"{content.recurrence}. The next times:"),
        *(rich.inline(f"•  {at}") for at in content.next_times),
        *(_aside(f"Left out: {day}") for day in content.excluded),
        *([_aside(content.zone_note)] if content.zone_note else []),
        _aside(content.summary),
        ActionsBlock(
            elements=[
                ButtonElement(text="Back", action_id="checkin_back", value="back")
            ]
        ),
    ]
    return View(
        type="modal",
        callback_id="checkin_save",
        title="Review",
        submit="Save",
        close="Cancel",
        private_metadata=_metadata(channel, schedule_id, form),
        blocks=blocks,
    )


def _metadata(
    channel: str, schedule_id: int | None, form: ScheduleForm | None = None
) -> str:
    carried: dict[str, Any] = {"channel": channel, "checkin": schedule_id}
    if form is not None:
        carried["draft"] = plans.dump(form)
    return json.dumps(carried, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class PastRound:
    """A round that was. `question` is marked text; `shared` are plain names."""

    day: str
    question: str
    url: str
    shared_by: Sequence[str]
    # When it closes, of an open one; why it was none, of one that was skipped.
    until: Part
    skip_reason: str


def overview(channel: str, rows: Sequence[PastRound]) -> View:
    """The last rounds in a channel, the latest first. `channel` is its name."""
    blocks: list[Block] = [rich.inline(f"The last check-ins in #{channel}:")]
    if not rows:
        blocks = [
            rich.inline(
                f"There has been no check-in in #{channel} yet. Its champions and the"
                " workspace's admins can set one up with /backswing."
            )
        ]
    for row in rows:
        blocks += [DividerBlock(), _past_round(row), rich.context_line(*_result(row))]
    return View(type="modal", title="Check-ins", close="Close", blocks=blocks)


def _past_round(row: PastRound) -> RichTextBlock:
    question = truncate(to_plain(row.question), _QUESTION)
    asked = link(row.url, question) if row.url else question
    return rich.inline(f"{row.day}:  ", asked)


def _result(row: PastRound) -> list[Part]:
    if row.skip_reason:
        return [f"Skipped: {row.skip_reason}."]
    named = list(row.shared_by[:_MOST_NAMES])
    if more := len(row.shared_by) - len(named):
        named.append(f"{more} more")
    who = f"{name_list(named)} shared" if named else "Nobody shared"
    if row.until:
        return [f"{who} so far. Open until ", row.until, "."]
    return [f"{who}."]


def _aside(text: str) -> ContextBlock:
    return ContextBlock(elements=[PlainTextObject(text=text, emoji=False)])


def format_future_time(day: date, local_time: str) -> str:
    """A time to come: "Monday 30 November 2026 at 09:00"."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {day:%B %Y} at {local_time}"
