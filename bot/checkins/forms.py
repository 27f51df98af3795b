"""The forms that set a check-in up, and the form to share in a round. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    DatePickerElement,
    InputBlock,
    Option,
    StaticMultiSelectElement,
    StaticSelectElement,
    TimePickerElement,
)
from slack_sdk.models.views import View

from bot.checkins import plan
from bot.checkins.blocks import MAX_LABEL_LENGTH, RoundPrompt
from bot.checkins.plan import ScheduleForm
from bot.checkins.rules import MAX_ANSWER_LENGTH, NTH, WEEKDAYS, Response
from bot.forms import calendar
from bot.slack import rich_text
from bot.slack.blocks import button, button_row, context_line, text_input
from bot.slack.rich_text import Part
from bot.slack.text import to_plain, truncate

# The number of next times in a preview.
MAX_SHOWN = 3

_EVERY = (
    ("week", "Every week"),
    ("two weeks", "Every second week"),
    *((f"month:{nth}", f"Each month, the {word}") for nth, word in NTH.items()),
)
_WEEKDAYS = tuple((str(n), day) for n, day in enumerate(WEEKDAYS, 1))
_OPEN = tuple(
    (str(n), "1 day" if n == 1 else f"{n} days")
    for n in range(1, plan.MAX_OPEN_DAYS + 1)
)
_REMIND_AFTER = tuple(
    (str(hours), f"After {hours} hours" if hours else "Never")
    for hours in plan.REMIND_AFTER_CHOICES
)


def plan_form(
    channel: str, schedule_id: int | None, form: ScheduleForm, *, hint: str = ""
) -> View:
    """Build the form for a check-in in a channel, filled in with `form`.

    `channel` is Slack's id; `schedule_id` is None for a new check-in.
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
            *([context_line(hint)] if hint else []),
            text_input(
                "question",
                "Question",
                value=form.question[: plan.MAX_QUESTION_LENGTH],
                limit=plan.MAX_QUESTION_LENGTH,
            ),
            text_input(
                "hint",
                "Hint",
                value=form.hint[: plan.MAX_QUESTION_LENGTH],
                limit=plan.MAX_QUESTION_LENGTH,
                hint="Shown below the question.",
                is_optional=True,
            ),
            _choice("every", "How often", _EVERY, form.every),
            _weekdays(form.weekdays),
            InputBlock(
                block_id="at",
                label="Time",
                element=TimePickerElement(action_id="at", initial_time=form.at or None),
            ),
            text_input(
                "zone",
                "Time zone",
                value=form.zone[: calendar.MAX_ZONE_LENGTH],
                limit=calendar.MAX_ZONE_LENGTH,
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
                "Remind people who joined but haven't shared",
                _REMIND_AFTER,
                form.nudge_after,
                hint="Once, by direct message, during their working hours.",
            ),
            text_input(
                "reflections",
                "Rotating questions",
                value=form.reflections[: plan.MAX_REFLECTIONS_LENGTH],
                limit=plan.MAX_REFLECTIONS_LENGTH,
                hint="One per line. Each check-in also asks the next one.",
                is_optional=True,
                is_multiline=True,
            ),
            text_input(
                "skips",
                "Dates to skip",
                value=form.skips[: plan.MAX_SKIPS_LENGTH],
                limit=plan.MAX_SKIPS_LENGTH,
                hint="Such as 2026-12-24, 2026-12-31.",
                is_optional=True,
            ),
            text_input(
                "holidays_of",
                "Skip the public holidays of",
                value=form.holidays_of[: calendar.MAX_REGION_LENGTH],
                limit=calendar.MAX_REGION_LENGTH,
                hint="A country code such as DE, or a region such as DE-BY.",
                is_optional=True,
            ),
        ],
    )


def _choice(
    name: str,
    label: str,
    choices: Sequence[tuple[str, str]],
    initial: str,
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
            initial_option=next((o for o in options if o.value == initial), None),
        ),
    )


def _weekdays(initial: Sequence[str]) -> InputBlock:
    options = [Option(text=text, value=value) for value, text in _WEEKDAYS]
    return InputBlock(
        block_id="weekdays",
        label="On",
        element=StaticMultiSelectElement(
            action_id="weekdays",
            placeholder="Choose weekdays",
            options=options,
            initial_options=[o for o in options if o.value in initial] or None,
        ),
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """A schedule form's result. Texts are mrkdwn; times are formatted."""

    question: str
    hint: str
    recurrence: str
    # The next times, and the dates that are skipped before the last of them.
    next_times: Sequence[str]
    excluded: Sequence[str]
    summary: str
    # A note if the zone's clocks never change; else "".
    zone_note: str = ""


def preview(
    channel: str, schedule_id: int | None, form: ScheduleForm, content: Preview
) -> View:
    """Build the second page, which shows the next times before anything is saved.

    Raises UserError if the form has more text than the view can carry.
    """
    blocks: list[Block] = [
        rich_text.user_text(
            content.question, limit=plan.MAX_QUESTION_LENGTH, is_bold=True
        ),
    ]
    if content.hint:
        blocks.append(rich_text.user_text(content.hint, limit=plan.MAX_QUESTION_LENGTH))
    blocks += [
        rich_text.inline(f"{content.recurrence}. Next:"),
        *(rich_text.inline(f"•  {at}") for at in content.next_times),
        *(context_line(f"Skips: {day}") for day in content.excluded),
        *([context_line(content.zone_note)] if content.zone_note else []),
        context_line(content.summary),
        button_row(button("Back", "checkin_back", "back")),
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
    metadata: dict[str, Any] = {"channel": channel, "checkin": schedule_id}
    if form is not None:
        metadata["draft"] = plan.dump(form)
    return json.dumps(metadata, ensure_ascii=False)


def format_future_time(day: date, local_time: str) -> str:
    """Format a future date and time: "Monday 30 November 2026 at 09:00"."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {day:%B %Y} at {local_time}"


def share_form(
    round_id: int,
    prompt: RoundPrompt,
    response: Response,
    *,
    # The channel's name, and the time at which the round closes.
    channel: str,
    until: Part,
    is_participant: bool,
) -> View:
    """Build the form to share in a round, or to edit a response."""
    notice: list[Part] = [
        f"Your answers are posted in the thread in #{channel}, under your name.",
        " You can change them until ",
        until,
        ".",
    ]
    if not is_participant:
        notice.append(
            " Sharing doesn't sign you up. Only people who join get a reminder."
        )
    fields = [
        _share_field("working_on", prompt.question, prompt.hint, response.working_on),
        _share_field(
            "stuck_on",
            "What are you stuck on?",
            "I'll privately offer to ask your peers about it.",
            response.stuck_on,
        ),
        _share_field("proud_of", "What are you proud of?", "", response.proud_of),
    ]
    if prompt.reflection or response.reflection:
        fields.append(
            _share_field(
                "reflection", prompt.reflection, "If you like", response.reflection
            )
        )
    return View(
        type="modal",
        callback_id="checkin_share",
        title="Share your check-in",
        submit="Save" if response != Response() else "Share",
        close="Cancel",
        private_metadata=json.dumps({"round": round_id}),
        blocks=[*fields, rich_text.context_line(*notice)],
    )


def _share_field(name: str, label: str, hint: str, value: str) -> InputBlock:
    return text_input(
        name,
        truncate(to_plain(label), MAX_LABEL_LENGTH),
        value=truncate(to_plain(value), MAX_ANSWER_LENGTH),
        limit=MAX_ANSWER_LENGTH,
        hint=truncate(to_plain(hint), MAX_LABEL_LENGTH) or None,
        is_optional=True,
        is_multiline=True,
        has_focus=name == "working_on",
    )
