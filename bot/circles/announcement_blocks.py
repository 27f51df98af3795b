"""The messages before a circle's meeting, and the form for a member's question."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block, InputBlock, Option, RadioButtonsElement
from slack_sdk.models.views import View

from bot.circles import format_blocks
from bot.circles.formats import Format
from bot.circles.offer_blocks import AskText, question_parts
from bot.circles.questions import MAX_QUESTION
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    sentence_note,
    text_input,
)
from bot.slack.rich_text import Part, bold, date_token
from bot.slack.text import to_plain, truncate

# Slack's limit for the text of an option.
_MAX_OPTION = 75
GUIDE = (
    "Start on time, even if someone is missing.",
    "Everyone speaks once before anyone speaks twice.",
    "Questions come before advice.",
    "Watch the time; you may skip a step.",
    "End with one thing that each person will do.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The next meeting, for all in the circle. People are plain names."""

    id: int
    number: int
    planned_at: datetime
    zone: ZoneInfo
    facilitator: str | None = None
    format: Format = Format.TURNS
    # The name of the holiday because of which it is on another day.
    holiday: str | None = None
    # An ask that its member allowed, and the lead's questions (mrkdwn) or one of ours.
    ask: AskText | None = None
    lead_questions: Sequence[str] = ()
    question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """The next meeting, for its facilitator."""

    id: int
    number: int
    planned_at: datetime
    zone: ZoneInfo
    format: Format = Format.TURNS

    @property
    def value(self) -> str:
        """The value of buttons: an answer is about this time of the meeting."""
        return f"{self.id}:{int(self.planned_at.timestamp())}:0"


def announcement(view: Announcement) -> Note:
    text = f"Meeting {view.number} of your circle is coming up"
    parts: list[Part] = [bold(text), ": ", date_token(view.planned_at, view.zone), "."]
    if view.facilitator is not None:
        parts.append(f" {view.facilitator} facilitates it.")
    if view.holiday is not None:
        parts.append(f" It is on another day than usual because of {view.holiday}.")
    blocks: list[Block] = [
        rich_text.inline(*parts),
        context_line(format_blocks.format_line(view.format)),
    ]
    questions: list[Sequence[Part]] = []
    if view.ask is not None:
        questions.append(question_parts(view.ask))
    questions += [
        rich_text.tokens(text, limit=MAX_QUESTION, max_elements=3)
        for text in view.lead_questions
    ]
    if view.question:
        questions.append([bold(view.question)])
    if questions:
        blocks += [
            _questions(questions),
            context_line("You need not prepare or hand in anything."),
        ]
    value = f"{view.id}:0:0"
    own = (
        format_blocks.focus_button(value)
        if view.format is Format.DISCUSSION
        else button("I'd like a turn", "meeting_want_turn", value)
    )
    blocks.append(
        button_row(
            own,
            button("Ask the circle something", "meeting_question", value),
            button("Move this meeting", "meeting_move", value),
        )
    )
    return text, blocks


def past(number: int) -> Note:
    """Build what replaces the announcement for a person who left the circle."""
    return sentence_note(f"Meeting {number} of this circle was announced here.")


def _questions(questions: Sequence[Sequence[Part]]) -> Block:
    head = "To think about until then:"
    if len(questions) == 1:
        return rich_text.inline(f"{head} ", *questions[0])
    return rich_text.numbered([head], questions)


def reminder(view: Reminder) -> Note:
    text = f"It's your turn to facilitate meeting {view.number} of your circle"
    value = view.value
    return text, [
        rich_text.inline(
            bold(text), ": ", date_token(view.planned_at, view.zone), ". Can you?"
        ),
        rich_text.numbered(["It takes five things:"], [[line] for line in GUIDE]),
        button_row(
            button("Yes", "meeting_can", value, style="primary"),
            button("Swap with…", "meeting_ask_swap", value),
            button("Not this time", "meeting_cannot", value),
        ),
        context_line(
            f"{format_blocks.format_line(view.format)} You can choose another format"
            " until the meeting starts:"
        ),
        button_row(*format_blocks.format_buttons(value, view.format)),
    ]


def swap_form(meeting_id: int, people: Sequence[tuple[str, str]]) -> View:
    """Build the form to choose who to swap with: their Slack ids and names."""
    options = [
        Option(text=truncate(name, _MAX_OPTION), value=member)
        for member, name in people
    ]
    return View(
        type="modal",
        callback_id="circle_swap",
        title="Swap with…",
        submit="Ask them",
        close="Cancel",
        private_metadata=json.dumps({"meeting": meeting_id}),
        blocks=[
            InputBlock(
                block_id="member",
                label="Who could facilitate instead of you?",
                hint="You facilitate until they say yes.",
                element=RadioButtonsElement(action_id="member", options=options),
            )
        ],
    )


def swap_request(view: Reminder, name: str, member: str) -> Note:
    """Build the question of a facilitator, by name and Slack id, to swap with them."""
    text = f"{name} asks whether you can facilitate meeting {view.number} instead"
    return text, [
        rich_text.inline(bold(text), ": ", date_token(view.planned_at, view.zone), "."),
        button_row(button("I'll do it", "meeting_swap", f"{view.value}:{member}")),
        context_line("If not, do nothing. I tell nobody."),
    ]


def swapped(number: int, name: str) -> Note:
    return sentence_note(f"{name} facilitates meeting {number} instead of you.")


def question_form(meeting_id: int, text: str) -> View:
    """Build the form for a member's own question; `text` is mrkdwn."""
    return View(
        type="modal",
        callback_id="circle_question",
        title="Ask the circle",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"meeting": meeting_id}),
        blocks=[
            text_input(
                "question",
                "Your question",
                value=to_plain(text),
                limit=MAX_QUESTION,
                hint="Only your circle sees it. The facilitator picks one.",
                has_focus=True,
            )
        ],
    )
