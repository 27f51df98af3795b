"""The bot's first message in the conversation of a circle. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block, InteractiveElement

from bot.circles.page_blocks import rule_list
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line
from bot.slack.rich_text import Part, bold, date_token, fallback_text
from bot.slack.text import capitalize

_WRITES_HERE = (
    "I write here what is for all of you, and to each alone what is for one of you. I"
    " read nothing that you write here."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """A circle, for all who are in its conversation. Names are plain."""

    circle_id: int
    # A plain text; empty without one.
    theme: str
    names: Sequence[str]
    # The number of people who agreed to the rules.
    agreed: int
    # The person who runs the next meeting.
    facilitator: str
    is_in_writing: bool
    # The next meeting; None before a time is chosen, and after the last one.
    meets_at: datetime | None
    has_time: bool
    zone: ZoneInfo
    # False for a group of direct messages.
    is_channel: bool


def greeting(view: Greeting) -> Note:
    theme = f": {view.theme}" * bool(view.theme)
    text = f"This is the conversation of your circle{theme}."
    blocks: list[Block] = [
        rich_text.inline(bold(text)),
        rich_text.inline(", ".join(view.names), "."),
        *([rich_text.inline(*step)] if (step := _next_step(view)) else []),
        rich_text.inline(bold("What you agree on"), "\n", rule_list()),
        context_line(_agreement(view)),
        button_row(*_buttons(view)),
        context_line(f"{_WRITES_HERE} {_readers(view)}"),
    ]
    return fallback_text(text), blocks


def _next_step(view: Greeting) -> Sequence[Part]:
    if view.meets_at is not None:
        runs = f" {capitalize(view.facilitator)} runs it." if view.facilitator else ""
        return ["You meet next: ", date_token(view.meets_at, view.zone), f".{runs}"]
    if view.is_in_writing:
        return ["You meet in writing. I write here when a week begins."]
    if view.has_time or not view.facilitator:
        return []
    name = capitalize(view.facilitator)
    return [f"{name} runs the first meeting and chooses a time."]


def _agreement(view: Greeting) -> str:
    if view.agreed >= len(view.names):
        return "All of you agreed."
    return f"{view.agreed} of {len(view.names)} agreed."


def _buttons(view: Greeting) -> Sequence[InteractiveElement]:
    buttons: list[InteractiveElement] = []
    if view.agreed < len(view.names):
        buttons.append(button("I agree", "circle_agree", view.circle_id))
    if not view.has_time and not view.is_in_writing:
        buttons.append(button("Choose a time", "circle_change", view.circle_id))
    return [*buttons, button("See your circle", "circle_see", view.circle_id)]


def _readers(view: Greeting) -> str:
    if view.is_channel:
        return (
            "Those who leave the circle are taken out of this channel. Those whom you"
            " add to it can read it, too."
        )
    return "Nobody can leave this group, so a change of your circle starts a new one."
