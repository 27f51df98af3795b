"""The proposal to move a circle's meeting, its form, and what came of it. Pure."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block, DatePickerElement, InputBlock
from slack_sdk.models.views import View

from bot import timezones
from bot.errors import UserError
from bot.forms.calendar import read_date
from bot.forms.fields import FormValues, TimeOfDay
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line
from bot.slack.rich_text import bold, date_token

DAY = "day"
_TIME = TimeOfDay(name="time", label="New time")
_ANSWERS = {True: "Works for me", False: "Doesn't work for me"}
_OTHER_MEETING = "You meet in another circle at the new time."
_RULE = "It moves if more than half of you say yes. I tell nobody who said what."


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveView:
    """A proposal for one of its readers; `name` is the plain name of its author."""

    id: int
    number: int
    name: str
    planned_at: datetime
    proposed_at: datetime
    # For clients that don't show a time in the reader's own zone.
    zone: ZoneInfo
    answer: bool | None = None
    is_accepted: bool | None = None
    # True if another circle of the reader meets at the proposed time.
    has_other_meeting: bool = False


def move_form(meeting_id: int, day: date, at: time) -> View:
    """Build the form, filled in with the day and time of now in the member's zone."""
    return View(
        type="modal",
        callback_id="circle_meeting_move",
        title="Move this meeting",
        submit="Ask the others",
        close="Cancel",
        private_metadata=json.dumps({"meeting": meeting_id}),
        blocks=[
            context_line(
                "Only this meeting moves, if more than half of you say yes. Asking is"
                " your yes. The time is that of your own time zone."
            ),
            InputBlock(
                block_id=DAY,
                label="New day",
                element=DatePickerElement(action_id=DAY, initial_date=day.isoformat()),
            ),
            _TIME.render(at),
        ],
    )


def read_move(form: FormValues, zone: ZoneInfo) -> datetime:
    """Return the new time (UTC). Raises UserError with the field."""
    day = read_date(form.date(DAY) or "")
    if day is None:
        raise UserError("Choose a day.", field=DAY)
    return timezones.to_utc(datetime.combine(day, _TIME.read(form)), zone)


def question(view: MoveView) -> Note:
    """Ask a member whether the meeting may move."""
    text = f"{view.name} asks to move meeting {view.number} of your circle"
    head = rich_text.inline(
        bold(text),
        ": from ",
        date_token(view.planned_at, view.zone),
        " to ",
        date_token(view.proposed_at, view.zone),
        ".",
    )
    return text, [head, *_status(view)]


def _status(view: MoveView) -> list[Block]:
    if view.is_accepted is not None:
        result = "It moved." if view.is_accepted else "It does not move."
        return [context_line(result)]
    own = ""
    if view.answer is not None:
        own = f"You said: {_ANSWERS[view.answer]}. You can still change it. "
    buttons = [
        button(
            label,
            "meeting_move_yes" if is_yes else "meeting_move_no",
            view.id,
            style="primary" if is_yes else None,
        )
        for is_yes, label in _ANSWERS.items()
        if is_yes is not view.answer
    ]
    warning = [context_line(_OTHER_MEETING)] if view.has_other_meeting else []
    return [*warning, button_row(*buttons), context_line(f"{own}{_RULE}")]


def result(view: MoveView) -> Note:
    """Tell a member what came of the proposal."""
    text = f"Meeting {view.number} of your circle"
    if view.is_accepted:
        text = f"{text} moved"
        at = date_token(view.proposed_at, view.zone)
        return text, [rich_text.inline(bold(text), " to ", at, ".")]
    text = f"{text} does not move"
    at = date_token(view.planned_at, view.zone)
    return text, [
        rich_text.inline(
            bold(text), ". Too few of you said yes in time. You meet ", at, "."
        )
    ]
