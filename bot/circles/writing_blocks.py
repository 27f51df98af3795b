"""A circle's week in writing: a message with what its members wrote, and the form."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.circles.agenda_blocks import ActionView, action_button, action_list
from bot.circles.writing import TEXTS, Stage
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line, text_input
from bot.slack.rich_text import Part, bold, date_token
from bot.slack.text import to_plain, truncate

# Two issues and what seven people write about them fit in a message.
MAX_ENTRY = 300
_MAX_ENTRIES = 7
_MAX_LABEL = 75


def field_of(author: str) -> str:
    """Return the name of the field for a text about a member's issue, or about none."""
    return f"text_{author}" if author else "text"


@dataclass(frozen=True, slots=True)
class Entry:
    """A text that a member wrote (mrkdwn), with their plain name."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, and what the others wrote about it."""

    entry: Entry
    questions: Sequence[Entry] = ()
    ideas: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekView:
    """A week in writing; without a stage it is over."""

    id: int
    number: int
    zone: ZoneInfo
    stage: Stage | None
    ends_at: datetime | None = None
    issues: Sequence[Issue] = ()
    thanks: Sequence[Entry] = ()
    actions: Sequence[ActionView] = ()


def week(view: WeekView) -> Note:
    title = f"Meeting {view.number} of your circle, in writing"
    blocks: list[Block] = [rich_text.inline(bold(title)), *_head(view)]
    for issue in view.issues:
        blocks.append(_issue(issue))
        blocks += _list("Questions:", issue.questions) + _list("Ideas:", issue.ideas)
    blocks += _list("Thanks:", view.thanks)
    if view.actions:
        blocks.append(action_list("What you will do:", view.actions))
    buttons = []
    if view.stage is not None:
        write = button("Write", "meeting_write", f"{view.id}:0:0", style="primary")
        buttons.append(write)
    if view.issues and view.stage in {Stage.THANKS, None}:
        buttons.append(action_button(view.id))
    return title, [*blocks, button_row(*buttons)] if buttons else blocks


def _head(view: WeekView) -> list[Block]:
    if view.stage is None:
        over = "This week is over." if view.issues else "Nobody put an issue this time."
        return [context_line(over)]
    title, guide = TEXTS[view.stage]
    parts: list[Part] = [bold(title)]
    if view.ends_at is not None:
        parts += [", until ", date_token(view.ends_at, view.zone)]
    return [rich_text.inline(*parts), context_line(guide.replace("*", ""))]


def _issue(issue: Issue) -> Block:
    return rich_text.user_text(
        issue.entry.text,
        limit=MAX_ENTRY,
        max_elements=5,
        prefix=[bold(f"{issue.entry.name}: ")],
    )


def _list(head: str, entries: Sequence[Entry]) -> list[Block]:
    if not entries:
        return []
    items: list[Sequence[Part]] = [
        [
            f"{each.name}: ",
            *rich_text.tokens(each.text, limit=MAX_ENTRY, max_elements=3),
        ]
        for each in entries[:_MAX_ENTRIES]
    ]
    return [rich_text.numbered([head], items)]


@dataclass(frozen=True, slots=True)
class OwnText:
    """A member's own text (mrkdwn) about an issue, or about none."""

    text: str
    # The Slack id and the name of the member whose issue it is about.
    author: str = ""
    name: str = ""


def write_form(meeting_id: int, stage: Stage, texts: Sequence[OwnText]) -> View:
    """Build the form to write in a stage: a field for each text."""
    title, guide = TEXTS[stage]
    blocks = [
        text_input(
            field_of(each.author),
            truncate(f"About {each.name}'s issue", _MAX_LABEL)
            if each.author
            else "Your text",
            value=to_plain(each.text),
            limit=MAX_ENTRY,
            hint=f"{guide.replace('*', '')} Only your circle sees it.",
            is_optional=bool(each.author),
            is_multiline=True,
            has_focus=number == 0,
        )
        for number, each in enumerate(texts)
    ]
    return View(
        type="modal",
        callback_id="circle_write",
        title=title,
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"meeting": meeting_id, "stage": stage}),
        blocks=blocks,
    )
