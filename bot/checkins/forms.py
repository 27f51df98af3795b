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
from bot.asks.blocks import names
from bot.checkins import plans
from bot.checkins.calendar import DAYS, NTH
from bot.checkins.plans import Draft
from bot.rich import Part, link
from bot.text import plain, shorten

MOST_SHOWN = 3
_MOST_NAMES = 30
_QUESTION = 80

_EVERY = (
    ("week", "Every week"),
    ("two weeks", "Every second week"),
    *((f"month:{nth}", f"Each month, the {word}") for nth, word in NTH.items()),
)
_WEEKDAYS = tuple((str(n), day) for n, day in enumerate(DAYS, 1))
_OPEN = tuple(
    (str(n), "1 day" if n == 1 else f"{n} days")
    for n in range(1, plans.MOST_OPEN_DAYS + 1)
)
_NUDGES = tuple(
    (str(hours), f"After {hours} hours" if hours else "Never") for hours in plans.NUDGES
)


def plan_form(
    channel: str, schedule_id: int | None, draft: Draft, *, hint: str = ""
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
        private_metadata=_carried(channel, schedule_id),
        blocks=[
            *([_aside(hint)] if hint else []),
            _text("question", "Question", draft.question, plans.LONGEST_QUESTION),
            _text(
                "hint",
                "Hint",
                draft.hint,
                plans.LONGEST_QUESTION,
                hint="Shown below the question.",
                optional=True,
            ),
            _choice("every", "How often", _EVERY, draft.every),
            _weekdays(draft.weekdays),
            InputBlock(
                block_id="at",
                label="Time",
                element=TimePickerElement(
                    action_id="at", initial_time=draft.at or None
                ),
            ),
            _text(
                "zone",
                "Time zone",
                draft.zone,
                plans.LONGEST_ZONE,
                hint="Such as Europe/Berlin or America/New_York, or UTC.",
            ),
            InputBlock(
                block_id="starts_on",
                label="Starting",
                hint="For every second week, counts from this date.",
                element=DatePickerElement(
                    action_id="starts_on", initial_date=draft.starts_on or None
                ),
            ),
            _choice("open_days", "Open for", _OPEN, draft.open_days),
            _choice(
                "nudge_after",
                "Remind those who joined and have not shared",
                _NUDGES,
                draft.nudge_after,
                hint="Once, by direct message, in their own daytime.",
            ),
            _text(
                "reflections",
                "Rotating questions",
                draft.reflections,
                plans.LONGEST_REFLECTIONS,
                hint="One per line. Each check-in also asks the next one.",
                optional=True,
                multiline=True,
            ),
            _text(
                "skips",
                "Dates to leave out",
                draft.skips,
                plans.LONGEST_SKIPS,
                hint="Such as 2026-12-24, 2026-12-31.",
                optional=True,
            ),
            _text(
                "holidays_of",
                "Leave out the holidays of",
                draft.holidays_of,
                plans.LONGEST_PLACE,
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
    rhythm: str
    # The next times, and the dates that are left out before the last of them.
    times: Sequence[str]
    left_out: Sequence[str]
    rest: str
    # What is to be known of the zone; "" where it is a place's.
    zone: str = ""


def preview(
    channel: str, schedule_id: int | None, draft: Draft, found: Preview
) -> View:
    """The second page: when it comes, before anything is saved."""
    blocks: list[Block] = [
        rich.words(found.question, limit=plans.LONGEST_QUESTION, is_bold=True),
    ]
    if found.hint:
        blocks.append(rich.words(found.hint, limit=plans.LONGEST_QUESTION))
    blocks += [
        rich.sentence(f"{found.rhythm}. The next times:"),
        *(rich.sentence(f"•  {at}") for at in found.times),
        *(_aside(f"Left out: {day}") for day in found.left_out),
        *([_aside(found.zone)] if found.zone else []),
        _aside(found.rest),
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
        private_metadata=_carried(channel, schedule_id, draft),
        blocks=blocks,
    )


def _carried(channel: str, schedule_id: int | None, draft: Draft | None = None) -> str:
    carried: dict[str, Any] = {"channel": channel, "checkin": schedule_id}
    if draft is not None:
        carried["draft"] = plans.pack(draft)
    return json.dumps(carried, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class PastRound:
    """A round that was. `question` is marked text; `shared` are plain names."""

    day: str
    question: str
    url: str
    shared: Sequence[str]
    # When it closes, of an open one; why it was none, of one that was skipped.
    until: Part
    skipped: str


def overview(channel: str, rows: Sequence[PastRound]) -> View:
    """The last rounds in a channel, the latest first. `channel` is its name."""
    blocks: list[Block] = [rich.sentence(f"The last check-ins in #{channel}:")]
    if not rows:
        blocks = [
            rich.sentence(
                f"There has been no check-in in #{channel} yet. Its champions and the"
                " workspace's admins can set one up with /backswing."
            )
        ]
    for row in rows:
        blocks += [DividerBlock(), _past(row), rich.aside(*_became(row))]
    return View(type="modal", title="Check-ins", close="Close", blocks=blocks)


def _past(row: PastRound) -> RichTextBlock:
    question = shorten(plain(row.question), _QUESTION)
    asked = link(row.url, question) if row.url else question
    return rich.sentence(f"{row.day}:  ", asked)


def _became(row: PastRound) -> list[Part]:
    if row.skipped:
        return [f"Skipped: {row.skipped}."]
    named = list(row.shared[:_MOST_NAMES])
    if more := len(row.shared) - len(named):
        named.append(f"{more} more")
    who = f"{names(named)} shared" if named else "Nobody shared"
    if row.until:
        return [f"{who} so far. Open until ", row.until, "."]
    return [f"{who}."]


def _aside(text: str) -> ContextBlock:
    return ContextBlock(elements=[PlainTextObject(text=text, emoji=False)])


def time_of(day: date, at: str) -> str:
    """A time to come: "Monday 30 November 2026 at 09:00"."""
    return f"{DAYS[day.weekday()]} {day.day} {day:%B %Y} at {at}"
