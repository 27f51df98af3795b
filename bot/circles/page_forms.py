"""The form of a circle's goal, call link and times. Pure."""

import json
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import InputBlock, Option, RadioButtonsElement
from slack_sdk.models.views import View

from bot.circles import rules
from bot.circles.forms import chosen_id, line
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.slack.blocks import text_input
from bot.slack.text import format_full, to_plain

TIME = "time"


def circle_form(
    circle_id: int,
    *,
    times: Sequence[datetime],
    suits_all: bool,
    chosen: datetime | None,
    zone: ZoneInfo,
    goal: str,
    call_link: str,
    is_next: bool = False,
) -> View:
    """Build the form of a circle's goal, call link and times.

    `times` are those from which its facilitator may choose; none for others. They are
    for another time of the meetings to come if it `is_next`. The goal is mrkdwn.
    """
    options = [
        Option(text=format_full(at, zone), value=str(int(at.timestamp())))
        for at in times
    ]
    initial = [each for at, each in zip(times, options, strict=True) if at == chosen]
    when = InputBlock(
        block_id=TIME,
        label="Next meeting" if is_next else "First meeting",
        hint=("All of you" if suits_all else "Most of you, but not all,")
        + " can meet then. The other meetings are at the same time of the day.",
        optional=True,
        element=RadioButtonsElement(
            action_id=TIME,
            options=options or None,
            initial_option=initial[0] if initial else None,
        ),
    )
    return View(
        type="modal",
        callback_id="circle_change",
        title="Your circle",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"circle": circle_id}),
        blocks=[
            *([when] if options else []),
            text_input(
                "goal",
                "Our goal",
                value=to_plain(goal),
                limit=rules.MAX_GOAL,
                is_optional=True,
            ),
            text_input(
                "call_link",
                "Link to our calls",
                value=call_link,
                limit=rules.MAX_LINK,
                placeholder="https://",
                hint="Without one, start a huddle in Slack.",
                is_optional=True,
            ),
        ],
    )


def read_circle(form: FormValues) -> tuple[str, str]:
    """Return the goal (mrkdwn) and the call link. Raises UserError with the field."""
    link = form.text("call_link").strip()
    is_address = link.startswith("https://") and not set(link) & set(' \n\t<>|"')
    if link and not (is_address and len(link) <= rules.MAX_LINK):
        raise UserError("A link that begins with https://", field="call_link")
    return line(form, "goal", rules.MAX_GOAL), link


def chosen_time(form: FormValues) -> int | None:
    """Return the chosen time as seconds since 1970. Raises UserError."""
    value = form.chosen(TIME)
    if value is None:
        return None
    return chosen_id(form, TIME)
