"""The list of programs, a program's page, and the list of people who joined. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    DividerBlock,
    PlainTextObject,
)
from slack_sdk.models.views import View

from bot.programs.blocks import Invitation, invitation
from bot.programs.rules import MAX_LINE_LENGTH, MAX_NAME_LENGTH
from bot.slack import rich_text
from bot.slack.blocks import button, button_row, context_line
from bot.slack.rich_text import Part, bold, channel_mention
from bot.slack.text import Token, to_plain, truncate

# Rows on a page of a list.
PAGE_SIZE = 20
_MAX_CHANNELS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """A program in the list; texts are mrkdwn, and `state` is a sentence."""

    id: int
    name: str
    audience: str
    state: str


def program_list(
    rows: Sequence[ProgramRow], *, start: int, total: int, may_make: bool
) -> View:
    """Build a page of the programs that a member may see, from the row `start`."""
    blocks: list[Block] = [
        context_line(
            "A program has a goal, a few rules, and leads to turn to. You decide which"
            " ones you join."
        )
    ]
    for row in rows:
        name = to_plain(row.name)
        see = ButtonElement(
            text="See it",
            action_id="program_see",
            value=str(row.id),
            accessibility_label=truncate(f"See {name}", 75),
        )
        title = rich_text.tokens(row.name, limit=MAX_NAME_LENGTH, max_elements=4)
        audience = rich_text.tokens(row.audience, limit=MAX_LINE_LENGTH, max_elements=4)
        blocks += [
            DividerBlock(),
            rich_text.inline(*map(_bold, title), "\n", *audience),
            context_line(row.state),
            button_row(see),
        ]
    blocks += _pager("program_list", "", start, len(rows), total)
    if may_make:
        blocks += [
            DividerBlock(),
            button_row(button("New program", "program_new", "new", style="primary")),
        ]
    return View(type="modal", title="Programs", close="Close", blocks=blocks)


def _bold(token: Token) -> Token:
    return bold(token.text) if token.kind == "text" else token


@dataclass(frozen=True, slots=True)
class ProgramPage:
    """A program as one person sees it. `state` and `notice` are sentences."""

    id: int
    invitation: Invitation
    state: str
    # Slack's ids and names of channels that they may see.
    channels: Sequence[tuple[str, str]]
    # Keys of BUTTONS: for everyone, and for those who run it.
    own_acts: Sequence[str] = ()
    acts: Sequence[str] = ()
    is_joined: bool = False
    notice: str = ""


def program_page(page: ProgramPage) -> View:
    """Build the page of a program."""
    blocks: list[Block] = []
    if page.notice:
        blocks += [rich_text.inline(bold(page.notice)), DividerBlock()]
    blocks += invitation(page.invitation)
    if page.channels:
        blocks.append(rich_text.inline(*_channels(page.channels)))
    you = " · You're in" if page.is_joined else ""
    blocks.append(context_line(f"{page.state}{you}"))
    if page.own_acts:
        blocks.append(button_row(*(_act(name, page) for name in page.own_acts)))
    if page.acts:
        blocks += [
            DividerBlock(),
            button_row(*(_act(name, page) for name in page.acts)),
        ]
    blocks.append(button_row(button("All programs", "program_list", 0)))
    return View(
        type="modal",
        callback_id="program",
        title="Program",
        close="Close",
        private_metadata=json.dumps({"program": page.id}),
        blocks=blocks,
    )


def _channels(channels: Sequence[tuple[str, str]]) -> list[Part]:
    parts: list[Part] = [bold("Where: ")]
    for slack_id, name in channels[:_MAX_CHANNELS_SHOWN]:
        parts += [channel_mention(slack_id, name), " "]
    if more := len(channels) - _MAX_CHANNELS_SHOWN:
        parts += [f"and {more} more"] if more > 0 else []
    return parts


# The buttons: the action, the label, and the question before it, if there is one.
BUTTONS: Mapping[str, tuple[str, tuple[str, str] | None]] = {
    "program_join": ("Join", None),
    "program_ask": ("Ask the leads", None),
    "program_invite": ("Invite people", None),
    "program_leave": ("Leave", None),
    "program_change": ("Change", None),
    "program_open": (
        "Open",
        ("Open it?", "Everyone who sees one of its channels sees it then."),
    ),
    "program_back_to_draft": ("Back to draft", None),
    "program_end": (
        "End",
        ("End it?", "I invite and remind nobody then. People can still read its page."),
    ),
    "program_continue": ("Continue", None),
    "program_archive": (
        "Archive",
        ("Archive it?", "Only those who run it see it then."),
    ),
    "program_restore": ("Bring back", None),
    "program_joined": ("Who joined", None),
    "program_champions": ("Champions", None),
}
_PRIMARY = {"program_join", "program_open"}
# Slack's limit for the label of a button.
_MAX_LABEL = 75


def _act(name: str, page: ProgramPage) -> ButtonElement:
    label, question = BUTTONS[name]
    if name == "program_ask" and len(page.invitation.leads) == 1:
        label = truncate(f"Ask {page.invitation.leads[0]}", _MAX_LABEL)
    confirm = None
    if question is not None:
        title, text = question
        confirm = ConfirmObject(
            title=title, text=PlainTextObject(text=text), confirm=label, deny="Not now"
        )
    return ButtonElement(
        text=label,
        action_id=name,
        value=str(page.id),
        style="primary" if name in _PRIMARY else None,
        confirm=confirm,
    )


def joined_list(
    program_id: int,
    name: str,
    # Plain names, and formatted days.
    rows: Sequence[tuple[str, str]],
    *,
    start: int,
    total: int,
) -> View:
    """Build a page of the people who joined a program; `name` is its, in mrkdwn."""
    title = to_plain(name)
    people = "1 person" if total == 1 else f"{total} people"
    blocks: list[Block] = [
        rich_text.inline(
            bold(f"{people} joined {title}" if total else f"Nobody joined {title} yet")
        )
    ]
    if rows:
        lines = "\n".join(f"•  {person}, {day}" for person, day in rows)
        blocks.append(rich_text.inline(lines))
    blocks += _pager("program_joined", f"{program_id}:", start, len(rows), total)
    blocks += [
        context_line("Only those who run the program see this list."),
        button_row(button("Back", "program_see", program_id)),
    ]
    return View(type="modal", title="Who joined", close="Close", blocks=blocks)


def _pager(
    action_id: str, prefix: str, start: int, shown: int, total: int
) -> list[Block]:
    """Build the position in a list, and the buttons to its other pages."""
    end = start + shown
    if not start and end >= total:
        return []
    # Slack wants different actions in a block.
    buttons = []
    if start:
        previous = max(0, start - PAGE_SIZE)
        buttons.append(button("Previous", f"{action_id}_back", f"{prefix}{previous}"))
    if end < total:
        buttons.append(button("Next", f"{action_id}_next", f"{prefix}{end}"))
    return [context_line(f"{start + 1} to {end} of {total}"), button_row(*buttons)]
