"""The message after a circle's meeting, with its two questions. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block

from bot.circles.agenda_blocks import ActionView, action_list
from bot.circles.outcome_rules import MIN_RATERS, Outcome, Receipt, Worth
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line
from bot.slack.rich_text import Part, bold, date_token

OUTCOMES = {
    Outcome.ALL: "It took place",
    Outcome.PART: "Part of us",
    Outcome.NONE: "Not this time",
}
WORTHS = {Worth.YES: "Yes", Worth.SO_SO: "So-so", Worth.NO: "No"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterView:
    """A meeting after its end, for one of its members."""

    id: int
    number: int
    planned_at: datetime
    zone: ZoneInfo
    is_in_writing: bool = False
    # False for a circle that a member started: no lead sees its counts.
    is_counted: bool = True
    has_begun: bool = True
    actions: Sequence[ActionView] = ()
    # The member's own answer, and whether they said if it was worth their time.
    answer: Outcome | None = None
    has_rated: bool = False
    # The answer to that, if they have just given it and can take it back.
    receipt: Receipt | None = None


def after_meeting(view: AfterView) -> Note:
    title = f"Meeting {view.number} of your circle is over"
    blocks: list[Block] = [rich_text.inline(*_head(view, title))]
    if view.actions:
        blocks.append(action_list("What you will do:", view.actions))
    if not view.is_in_writing:
        blocks += _outcome(view)
    has_met = view.is_in_writing or view.answer in {Outcome.ALL, Outcome.PART}
    if view.is_counted and has_met:
        blocks += _worth(view)
    return title, blocks


def _head(view: AfterView, title: str) -> Sequence[Part]:
    if view.has_begun:
        return [bold(title), "."]
    return [
        bold(title),
        ". It was planned for ",
        date_token(view.planned_at, view.zone),
        ", and nobody pressed Start.",
    ]


def _outcome(view: AfterView) -> list[Block]:
    buttons = [
        button(
            label,
            f"meeting_met_{outcome}",
            f"{view.id}:0:0",
            style="primary" if outcome is view.answer else None,
        )
        for outcome, label in OUTCOMES.items()
    ]
    text = "I tell nobody what you say, or who came."
    if view.answer is not None:
        text = f"You said: {OUTCOMES[view.answer]}. You can still change it."
    return [
        rich_text.inline("Did you meet?"),
        button_row(*buttons),
        context_line(text),
    ]


def _worth(view: AfterView) -> list[Block]:
    if view.has_rated:
        text = "Thank you. I counted your answer, and I don't store that it is yours."
        receipt = view.receipt
        if receipt is None:
            return [context_line(text)]
        action_id, value = (
            f"meeting_unrate_{receipt.worth}",
            f"{view.id}:{receipt.secret}",
        )
        return [
            context_line(text),
            button_row(button("Take it back", action_id, value)),
        ]
    buttons = [
        button(label, f"meeting_worth_{worth}", f"{view.id}:0:0")
        for worth, label in WORTHS.items()
    ]
    return [
        rich_text.inline("Was it worth your time?"),
        button_row(*buttons),
        context_line(
            "You need not say. I only count the answers: the leads see how many said"
            f" what, for {MIN_RATERS} or more people at a time."
        ),
    ]


def season_line(meetings: int, worth: Mapping[Worth, int]) -> str:
    """Return the line about a season's meetings that its leads see."""
    noun = "meeting" if meetings == 1 else "meetings"
    text = f"{meetings} {noun} took place so far."
    if not any(worth.values()):
        return text
    yes, so_so, no = (worth[each] for each in Worth)
    return f"{text} Worth the time? {yes} yes, {so_so} so-so, {no} no."
