"""An author's own asks without their name: in their Home tab, and in a modal. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    DividerBlock,
    HeaderBlock,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.home.row_blocks import RowList
from bot.slack import rich_text
from bot.slack.blocks import button, button_row, context_line, quoted
from bot.slack.text import capitalize, to_plain, truncate

HEADER = "Your asks without your name"
_ONLY_YOU = (
    "Only you see this. At most once a day I write to you that something waits here."
)
# The states of an ask on which its author can't act.
_NO_LONGER_OPEN = {
    "hidden": "Hidden: people reported it, and a champion looks at it",
    "refused": "It was not posted: Slack did not take it",
}
_OUTCOME_UNKNOWN = "I'm not sure that it was posted, please look"
_MAX_TITLE = 100
# A modal has room for 100 blocks, and a section for 3,000 characters.
_MAX_ANSWERS, _MAX_REPLIES, _MAX_REPLY = 15, 8, 500
# Slack's limit for an accessibility label is 75, with the words before the title.
_MAX_LABEL = 50

_DRAFT_STATES = {
    "waiting": "It comes by",
    "reviewed": "A champion reads it first, without your name",
    "refused": "It was not posted",
}


@dataclass(frozen=True, slots=True)
class DraftLine:
    """An ask that is not posted yet, or was refused. `title` is mrkdwn."""

    id: int
    title: str
    channel: str
    state: str
    reason: str = ""
    # If it waits: the local time by which it is posted, "14:35".
    comes_by: str = ""


@dataclass(frozen=True, slots=True)
class AskLine:
    """An ask in the Home tab, after its time to be posted. `title` is mrkdwn.

    `state` may also be "hidden", "refused" (by Slack) or "unsure" (if it was posted).
    """

    id: int
    title: str
    channel: str
    state: str
    day: str
    answers: int = 0
    new_answers: int = 0


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """An answer: its author's name, its link, its day, and the asker's marks."""

    id: int
    author: str
    url: str
    day: str
    # True if the asker wrote it under their own name.
    is_own: bool = False
    is_solution: bool = False
    is_helpful: bool = False


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """A reply of the asker, as mrkdwn."""

    id: int
    text: str
    # If it waits: the local time by which it is posted, "14:35".
    comes_by: str = ""
    is_refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage:
    """An ask without a name, as its author sees it. Texts are mrkdwn."""

    id: int
    title: str
    state: str
    channel: str
    # "" until it is posted.
    url: str
    # The day from which no one can tell who asked.
    cut_on: str
    # The newest first.
    answers: Sequence[AnswerLine] = field(default=())
    replies: Sequence[ReplyLine] = field(default=())
    what_worked: str = ""
    can_ask_people: bool = False
    can_thank: bool = False


def own_asks(drafts: Sequence[DraftLine], asks: Sequence[AskLine]) -> RowList:
    """Build the list of a member's asks without their name; empty without any."""
    if not drafts and not asks:
        return RowList()
    return RowList(
        [HeaderBlock(text=HEADER), context_line(_ONLY_YOU)],
        [
            *([_draft_row(draft)] for draft in drafts),
            *([_ask_row(ask)] for ask in asks),
        ],
    )


def _draft_row(draft: DraftLine) -> Block:
    state = _DRAFT_STATES[draft.state]
    if draft.comes_by:
        state += f" {draft.comes_by}"
    if draft.reason:
        state += f": {draft.reason}"
    is_waiting = draft.state != "refused"
    press = _titled_button(
        "Don't post it" if is_waiting else "Remove",
        "asker_withdraw",
        draft.id,
        draft.title,
    )
    return _row(draft.title, [f"#{draft.channel}", state], press)


def _ask_row(ask: AskLine) -> Block:
    if state := _NO_LONGER_OPEN.get(ask.state):
        return _row(ask.title, [f"#{ask.channel}", ask.day, state])
    state = _OUTCOME_UNKNOWN if ask.state == "unsure" else capitalize(ask.state)
    details = [state, f"#{ask.channel}", ask.day]
    if ask.answers:
        new = f", {ask.new_answers} new" if ask.new_answers else ""
        details.insert(1, f"{_count(ask.answers, 'answer')}{new}")
    press = _titled_button("Open", "asker_open", ask.id, ask.title)
    return _row(ask.title, details, press)


def _row(
    title: str, details: Sequence[str], press: ButtonElement | None = None
) -> Block:
    text = f"{truncate(to_plain(title), _MAX_TITLE)}\n{' · '.join(details)}"
    return SectionBlock(
        text=PlainTextObject(text=truncate(text, 1000), emoji=False), accessory=press
    )


def _titled_button(text: str, action_id: str, value: int, title: str) -> ButtonElement:
    # Several rows have such a button; screen readers need the title.
    label = f"{text}: {quoted(title, _MAX_LABEL)}"
    return ButtonElement(
        text=text, action_id=action_id, value=str(value), accessibility_label=label
    )


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def ask_modal(page: AskPage) -> View:
    """Build the modal with an ask, its answers, and all that its author can do."""
    blocks: list[Block] = [
        rich_text.user_text(page.title, limit=200, is_bold=True),
        rich_text.context_line(
            f"{capitalize(page.state)} · #{page.channel}",
            *([" · ", rich_text.link(page.url, "Look at it")] if page.url else ()),
        ),
    ]
    if page.what_worked and page.state == "solved":
        what_worked = f"What worked: {page.what_worked}"
        blocks.append(rich_text.user_text(what_worked, limit=400))
    blocks += [button_row(*_ask_buttons(page)), *_answers(page), *_replies(page)]
    blocks += [
        DividerBlock(),
        button_row(*_last_buttons(page)),
        context_line(
            f"From {page.cut_on} at the latest no one can tell who asked, and you"
            " can't act on it any longer."
        ),
    ]
    return View(
        type="modal",
        callback_id="asker_ask",
        title="Your ask",
        close="Done",
        private_metadata=json.dumps({"ask": page.id}),
        blocks=blocks,
    )


def _ask_buttons(page: AskPage) -> list[ButtonElement]:
    is_waiting = page.state in {"open", "answered"}
    buttons = []
    if page.url:
        buttons.append(button("Reply as the asker", "asker_reply", page.id))
    if page.can_ask_people:
        buttons.append(button("Ask someone now", "asker_ask_people", page.id))
    buttons.append(button("Edit", "asker_edit", page.id))
    if is_waiting:
        buttons.append(button("Close", "asker_close", page.id))
    else:
        text = "Not solved yet" if page.state == "solved" else "Reopen"
        buttons.append(button(text, "asker_reopen", page.id))
    if page.state == "solved":
        buttons.append(button("What worked?", "asker_worked", page.id))
    return buttons


def _answers(page: AskPage) -> list[Block]:
    if not page.answers:
        return [context_line("No answers yet.")]
    blocks: list[Block] = [HeaderBlock(text="Answers")]
    for answer in page.answers[:_MAX_ANSWERS]:
        marks = [" · This solved it"] if answer.is_solution else []
        marks += [" · Helpful"] if answer.is_helpful else []
        author = "you, under your name" if answer.is_own else answer.author
        blocks.append(
            rich_text.inline(
                rich_text.link(answer.url, f"By {author}"), f"  {answer.day}", *marks
            )
        )
        if not answer.is_own:
            blocks.append(button_row(*_mark_buttons(page.id, answer)))
    if more := len(page.answers) - _MAX_ANSWERS:
        blocks += [context_line(f"and {more} more in the thread")] if more > 0 else []
    return blocks


def _mark_buttons(ask_id: int, answer: AnswerLine) -> list[ButtonElement]:
    """Return buttons that say what they do, so that a second press changes nothing."""
    labels = {
        ("solved", False): "This solved it",
        ("solved", True): "It didn't solve it",
        ("helpful", False): "Helpful",
        ("helpful", True): "Not helpful",
    }
    marks = {"solved": answer.is_solution, "helpful": answer.is_helpful}
    return [
        ButtonElement(
            text=labels[meaning, is_marked],
            action_id=f"asker_mark_{meaning}",
            value=f"{ask_id}:{answer.id}:{int(not is_marked)}",
            accessibility_label=truncate(
                f"{labels[meaning, is_marked]}: by {answer.author}", 75
            ),
        )
        for meaning, is_marked in marks.items()
    ]


def _replies(page: AskPage) -> list[Block]:
    if not page.replies:
        return []
    blocks: list[Block] = [HeaderBlock(text="Your replies as the asker")]
    for reply in page.replies[-_MAX_REPLIES:]:
        blocks.append(rich_text.user_text(reply.text, limit=_MAX_REPLY))
        if reply.comes_by:
            blocks.append(context_line(f"It comes by {reply.comes_by}."))
        if reply.is_refused:
            blocks.append(context_line("I couldn't post it. Look at the thread."))
        value = f"{page.id}:{reply.id}"
        edit = [] if reply.is_refused else [_reply_button("Edit", reply, value)]
        blocks.append(button_row(*edit, _reply_button("Delete", reply, value)))
    return blocks


def _reply_button(text: str, reply: ReplyLine, value: str) -> ButtonElement:
    return ButtonElement(
        text=text,
        action_id=f"asker_reply_{text.lower()}",
        value=value,
        accessibility_label=f"{text}: {quoted(reply.text, _MAX_LABEL)}",
    )


def _last_buttons(page: AskPage) -> list[ButtonElement]:
    buttons = []
    if page.can_thank:
        buttons.append(button("Thank without my name", "asker_thank", page.id))
    return [
        *buttons,
        button("It was me…", "asker_reveal", page.id),
        button("Delete…", "asker_delete", page.id),
    ]
