"""The agenda of a circle's meeting: a message that is edited, and its forms."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    Block,
    ConfirmObject,
    DatePickerElement,
    InputBlock,
    Option,
    RadioButtonsElement,
)
from slack_sdk.models.blocks.block_elements import ButtonElement
from slack_sdk.models.views import View

from bot.circles import format_blocks, meeting_texts
from bot.circles.formats import Format, Phase, Step, StepKind
from bot.circles.questions import MAX_QUESTION
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    name_list,
    text_input,
)
from bot.slack.rich_text import Part, bold, date_token
from bot.slack.text import SOMEONE, to_plain

MAX_ACTION = 140
# More would be too long for a message; nobody needs more.
_MAX_ACTIONS = 14
_MAX_QUESTIONS = 7
ACTION_STATES = {"open": "not yet", "done": "done", "dropped": "dropped"}


@dataclass(frozen=True, slots=True)
class ActionView:
    """One thing that a member said they'll do; `text` is mrkdwn."""

    name: str
    text: str
    state: str = "open"
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaView:
    """A meeting's state in words. People are plain names, times are in UTC."""

    id: int
    circle_id: int
    number: int
    phase: Phase
    planned_at: datetime
    # For clients that don't show a time in the reader's own zone.
    zone: ZoneInfo
    facilitator: str | None
    format: Format = Format.TURNS
    # The goal and the scope of an open discussion (mrkdwn).
    goal: str = ""
    scope: str = ""
    turns_wanted: Sequence[str] = ()
    # The step of now, with the name of the member whose turn it is.
    step: Step | None = None
    turn_of: str = ""
    position: int = 0
    extensions: int = 0
    step_ends_at: datetime | None = None
    closes_at: datetime | None = None
    next_step: Step | None = None
    next_turn: str | None = None
    has_begun: bool = False
    # Members' own questions (mrkdwn), with their names.
    questions: Sequence[tuple[str, str]] = ()
    # The actions of last time and, at the end, of this time.
    actions: Sequence[ActionView] = ()

    @property
    def is_discussion(self) -> bool:
        return self.format is Format.DISCUSSION

    @property
    def value(self) -> str:
        """The value of buttons: the meeting, and the step that the message shows."""
        return f"{self.id}:{self.position}:{self.extensions}"


def agenda(view: AgendaView) -> Note:
    title = f"Meeting {view.number} of your circle"
    if view.phase == Phase.PLANNED:
        lines, rows = _planned(view)
    elif view.phase == Phase.PAUSED:
        lines, rows = _paused(view)
    elif view.step is not None:
        lines, rows = _running(view, view.step)
    else:
        lines, rows = _ended(view)
    buttons = [button_row(*row) for row in rows]
    return title, [rich_text.inline(bold(title)), *lines, *buttons]


_Rendered = tuple[list[Block], list[list[ButtonElement]]]


def _planned(view: AgendaView) -> _Rendered:
    parts: list[Part] = ["Begins ", date_token(view.planned_at, view.zone), ". "]
    lines: list[Block] = [
        rich_text.inline(*parts, _facilitator(view)),
        context_line(format_blocks.format_line(view.format)),
    ]
    own: list[ButtonElement] = []
    if view.is_discussion:
        lines += format_blocks.focus_lines(view.goal, view.scope)
        own.append(format_blocks.focus_button(view.value))
    else:
        lines.append(context_line(_turns_line(view.turns_wanted)))
        own.append(button("I'd like a turn", "meeting_want_turn", view.value))
        if view.turns_wanted:
            own.append(button("No turn for me", "meeting_need_no_turn", view.value))
    lines += _questions(view)
    chooser = view.facilitator or "The person who facilitates"
    lines.append(context_line(f"{chooser} can choose another format until the start."))
    start = button("Start", "meeting_start", view.value, style="primary")
    formats = format_blocks.format_buttons(view.value, view.format)
    return lines, [[start, *own, _lead(view)], formats]


def _questions(view: AgendaView) -> list[Block]:
    if not view.questions:
        return []
    items: list[Sequence[Part]] = [
        [f"{name}: ", *rich_text.tokens(text, limit=MAX_QUESTION, max_elements=3)]
        for name, text in view.questions[:_MAX_QUESTIONS]
    ]
    return [rich_text.numbered(["Your questions; the facilitator picks:"], items)]


def _facilitator(view: AgendaView) -> str:
    if view.facilitator is None:
        return "Nobody facilitates it yet."
    return f"{view.facilitator} facilitates it."


def _turns_line(names: Sequence[str]) -> str:
    if not names:
        return "Nobody has asked for a turn. Without one, it's an open round."
    verb = "would like a turn"
    return f"{name_list(names)} {verb}. Those who had none for longest come first."


def _running(view: AgendaView, step: Step) -> _Rendered:
    guide = meeting_texts.guide(step.kind, view.turn_of or SOMEONE)
    lines: list[Block] = [_step_line(view, step), context_line(guide)]
    if view.is_discussion:
        lines += format_blocks.focus_lines(view.goal, view.scope)
    if step.kind == StepKind.ARRIVE:
        lines += _questions(view)
    if view.actions:
        lines.append(action_list("From last time:", view.actions))
    lines.append(context_line(_ahead(view)))
    return lines, [_control(view), _own(view)]


def _control(view: AgendaView) -> list[ButtonElement]:
    is_last = view.next_step is None
    label = "Finish" if is_last else "Next"
    buttons = [
        button(label, "meeting_next", view.value, style="primary"),
        button("+2 min", "meeting_extend", view.value),
    ]
    if is_last:
        return [*buttons, button("Pause", "meeting_pause", view.value)]
    return [
        *buttons,
        button("Skip", "meeting_skip", view.value),
        button("Pause", "meeting_pause", view.value),
        _end(view),
    ]


def _step_line(view: AgendaView, step: Step) -> Block:
    title = meeting_texts.title(step.kind)
    head = f"{view.turn_of}'s turn: {title}" if view.turn_of else title
    parts: list[Part] = [bold(head)]
    if view.step_ends_at is not None:
        parts += [", until ", date_token(view.step_ends_at, view.zone)]
    return rich_text.inline(*parts)


def _ahead(view: AgendaView) -> str:
    following = "Last step."
    if view.next_step is not None:
        following = f"Next: {meeting_texts.title(view.next_step.kind)}."
    turn = f" Next turn: {view.next_turn}." if view.next_turn else ""
    return f"{following}{turn} {_facilitator(view)}"


def _paused(view: AgendaView) -> _Rendered:
    parts: list[Part] = ["Paused."]
    if view.closes_at is not None:
        parts += [
            " If nobody continues, it ends ",
            date_token(view.closes_at, view.zone),
            ".",
        ]
    resume = button("Continue", "meeting_resume", view.value, style="primary")
    lines: list[Block] = [rich_text.inline(*parts), context_line(_facilitator(view))]
    return lines, [[resume, _end(view)], _own(view)]


def _ended(view: AgendaView) -> _Rendered:
    if not view.has_begun:
        return [context_line("This meeting did not begin.")], []
    lines: list[Block] = [rich_text.inline("The meeting is over.")]
    if view.actions:
        lines.append(action_list("What you will do:", view.actions))
    return lines, [[action_button(view.id)]]


def _own(view: AgendaView) -> list[ButtonElement]:
    is_hoped = view.step is not None and view.step.kind == StepKind.HOPES
    is_asked = view.step is not None and view.step.kind in meeting_texts.ACTION_STEPS
    return [
        *([format_blocks.focus_button(view.value)] if view.is_discussion else []),
        *([_circle_goal(view)] if is_hoped else []),
        action_button(view.id, is_primary=is_asked),
        *([] if view.number == 1 else [_report(view)]),
        _lead(view),
    ]


def action_button(meeting_id: int, *, is_primary: bool = False) -> ButtonElement:
    return button(
        "One thing I'll do",
        "meeting_action",
        f"{meeting_id}:0:0",
        style="primary" if is_primary else None,
    )


def _circle_goal(view: AgendaView) -> ButtonElement:
    return button("Goal and call", "circle_change", view.circle_id)


def _report(view: AgendaView) -> ButtonElement:
    return button("What became of mine", "meeting_report", view.value)


def _lead(view: AgendaView) -> ButtonElement:
    return button("I'll run it", "meeting_lead", view.value)


def _end(view: AgendaView) -> ButtonElement:
    return ButtonElement(
        text="End",
        action_id="meeting_end",
        value=view.value,
        confirm=ConfirmObject(
            title="End the meeting?",
            text="It ends for everyone in the circle.",
            confirm="End it",
            deny="Not yet",
        ),
    )


def action_list(head: str, actions: Sequence[ActionView]) -> Block:
    return rich_text.numbered(
        [head], [_action_parts(action) for action in actions[:_MAX_ACTIONS]]
    )


def _action_parts(action: ActionView) -> list[Part]:
    parts: list[Part] = [
        f"{action.name}: ",
        *rich_text.tokens(action.text, limit=MAX_ACTION, max_elements=3),
    ]
    if action.due_on is not None:
        parts.append(f" (by {action.due_on.day} {action.due_on:%b})")
    if action.state != "open":
        parts.append(f" ({ACTION_STATES[action.state]})")
    return parts


def action_form(meeting_id: int, text: str, due_on: date | None) -> View:
    """Build the form for one thing that a member will do; `text` is mrkdwn."""
    return View(
        type="modal",
        callback_id="circle_action",
        title="One thing I'll do",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"meeting": meeting_id}),
        blocks=[
            text_input(
                "action",
                "What will you do?",
                value=to_plain(text),
                limit=MAX_ACTION,
                hint="Only your circle sees it. It comes up at the next meeting.",
                has_focus=True,
            ),
            InputBlock(
                block_id="due_on",
                label="By when?",
                optional=True,
                element=DatePickerElement(
                    action_id="due_on",
                    initial_date=due_on.isoformat() if due_on else None,
                ),
            ),
        ],
    )


def report_form(meeting_id: int, action_id: int, text: str, state: str) -> View:
    """Build the form to say what became of a member's own action."""
    options = [Option(text=label.capitalize(), value=name) for name, label in _STATES]
    return View(
        type="modal",
        callback_id="circle_report",
        title="What became of it",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"meeting": meeting_id, "action": action_id}),
        blocks=[
            rich_text.user_text(text, limit=MAX_ACTION, is_bold=True),
            InputBlock(
                block_id="state",
                label="What became of it?",
                element=RadioButtonsElement(
                    action_id="state",
                    options=options,
                    initial_option=next(
                        option for option in options if option.value == state
                    ),
                ),
            ),
        ],
    )


_STATES = tuple(ACTION_STATES.items())
