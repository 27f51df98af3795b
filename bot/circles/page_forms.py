"""The form of a circle's goal, call link and times. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

TIME, GOAL, CALL_LINK = "time", "goal", "call_link"


@dataclass(frozen=True, slots=True)
class Changes:
    """The fields that a person changed since the form was opened; None for others.

    The goal is mrkdwn, and the time in seconds since 1970.
    """

    goal: str | None
    call_link: str | None
    time: int | None


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
    shown = {
        TIME: initial[0].value if initial else None,
        GOAL: to_plain(goal),
        CALL_LINK: call_link,
    }
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
        # Escapes would be longer than Slack's 3,000 characters.
        private_metadata=json.dumps(
            {"circle": circle_id, "shown": shown}, ensure_ascii=False
        ),
        blocks=[
            *([when] if options else []),
            text_input(
                GOAL,
                "Our goal",
                value=to_plain(goal),
                limit=rules.MAX_GOAL,
                is_optional=True,
            ),
            text_input(
                CALL_LINK,
                "Link to our calls",
                value=call_link,
                limit=rules.MAX_LINK,
                placeholder="https://",
                hint="Without one, start a huddle in Slack.",
                is_optional=True,
            ),
        ],
    )


def read_changes(form: FormValues, shown: object) -> Changes:
    """Return what differs from the values that the form showed.

    Someone else may have changed the other fields meanwhile. Raises UserError with the
    field.
    """
    before = shown if isinstance(shown, Mapping) else {}
    is_same_goal = form.text(GOAL).strip() == before.get(GOAL)
    is_same_link = form.text(CALL_LINK).strip() == before.get(CALL_LINK)
    is_same_time = form.chosen(TIME) in (None, before.get(TIME))
    return Changes(
        None if is_same_goal else line(form, GOAL, rules.MAX_GOAL),
        None if is_same_link else _link(form),
        None if is_same_time else chosen_id(form, TIME),
    )


def _link(form: FormValues) -> str:
    link = form.text(CALL_LINK).strip()
    is_address = link.startswith("https://") and not set(link) & set(' \n\t<>|"')
    if link and not (is_address and len(link) <= rules.MAX_LINK):
        raise UserError("A link that begins with https://", field=CALL_LINK)
    return link
