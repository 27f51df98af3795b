"""The message of an ask. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ContextBlock,
    InteractiveElement,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextObject,
)

from bot.slack import rich_text
from bot.slack.blocks import (
    MAX_NAMES,
    Note,
    button,
    button_row,
    context_line,
    mrkdwn_line,
    name_list,
)
from bot.slack.text import escape, to_plain

# The most characters of details in the message. Slack refuses messages that are several
# times as long.
MAX_DETAILS_SHOWN = 3000
_THREAD_HINT = "Your peers can answer in this thread."
HIDDEN = "Hidden until a champion has looked"
NOT_AN_ASK = "This message isn't an ask."

_STATES = {
    "open": ":white_circle: Open",
    "answered": ":speech_balloon: Answered",
    "solved": ":white_check_mark: Solved",
    "closed": ":heavy_minus_sign: Closed",
}


@dataclass(frozen=True, slots=True)
class AskView:
    """An ask for its message. `title`, `details` and `what_worked` are mrkdwn.

    People are given by their plain names, so that the message notifies nobody.
    """

    id: int
    title: str
    details: str
    asker: str
    topics: Sequence[str]
    state: str
    # The author's name and the permalink of each solution.
    solutions: Sequence[tuple[str, str]] = ()
    what_worked: str | None = None
    looking: Sequence[str] = ()
    same_count: int = 0
    closed_by: str | None = None
    close_reason: str | None = None
    is_first_ask: bool = False
    # The permalink of the check-in that it was asked from.
    origin_url: str | None = None
    # The first of the channel's emoji for solutions.
    solved_emoji: str = "white_check_mark"
    # True if the channel's capture setting made the ask from a message.
    is_captured: bool = False


def message_text(ask: AskView) -> str:
    """Build the message's text for notifications."""
    return f"Ask ({ask.state}): {escape(to_plain(ask.title))}"


def message(ask: AskView) -> list[Block]:
    blocks: list[Block] = [rich_text.user_text(ask.title, limit=200, is_bold=True)]
    if ask.details:
        blocks.append(rich_text.user_text(ask.details, limit=MAX_DETAILS_SHOWN))
    blocks.append(_status_context(ask, f"Asked by {ask.asker}"))
    if ask.origin_url:
        blocks.append(
            rich_text.inline("From ", rich_text.link(ask.origin_url, "a check-in"))
        )
    blocks += _outcome(ask)
    if ask.is_first_ask and ask.state in {"open", "answered"}:
        hint = (
            f"When an answer works, react to it with :{ask.solved_emoji}: to mark the"
            " ask as solved."
        )
        blocks.append(mrkdwn_line(hint))
    blocks.append(_ask_buttons(ask))
    return blocks


def _status_context(ask: AskView, label: str) -> ContextBlock:
    elements: list[MarkdownTextObject | PlainTextObject] = [
        MarkdownTextObject(text=_STATES[ask.state]),
        PlainTextObject(text=label, emoji=False),
    ]
    if ask.topics:
        tags = "  ".join(f"#{topic}" for topic in ask.topics)
        elements.append(PlainTextObject(text=tags, emoji=False))
    return ContextBlock(elements=elements)


def thread_line(ask: AskView) -> list[Block]:
    """Build the bot's line in the thread of the asker's own message."""
    return [_status_context(ask, _THREAD_HINT), *_outcome(ask), _ask_buttons(ask)]


def thread_line_text(ask: AskView) -> str:
    return f"Ask ({ask.state}). {_THREAD_HINT}"


def disclaimed_line(ask_id: int) -> Note:
    """Build the line in the thread of a message that is no longer an ask."""
    return NOT_AN_ASK, [context_line(NOT_AN_ASK), undo_button(ask_id)]


def hidden() -> Note:
    """Build the message of an ask that people have reported."""
    return HIDDEN, [context_line(HIDDEN)]


def undo_button(ask_id: int) -> ActionsBlock:
    return button_row(button("Undo", "ask_restore", ask_id))


def solution_links(
    solutions: Sequence[tuple[str, str]], label: str
) -> list[rich_text.Part]:
    """Link answers, given by their author's name and address, those of one together.

    `label` has a place for the name.
    """
    by_name: dict[str, list[str]] = {}
    for name, url in solutions[:MAX_NAMES]:
        by_name.setdefault(name, []).append(url)
    parts: list[rich_text.Part] = []
    for name, [first, *others] in by_name.items():
        parts += [", " if parts else "", rich_text.link(first, label.format(name))]
        for url in others:
            parts += [" and ", rich_text.link(url, "another answer")]
    return parts


def _outcome(ask: AskView) -> list[Block]:
    blocks: list[Block] = []
    if ask.solutions:
        links = solution_links(ask.solutions, "{}'s answer")
        blocks.append(rich_text.inline("Solved by ", *links))
    if ask.what_worked and ask.state == "solved":
        blocks.append(rich_text.user_text("What worked: " + ask.what_worked, limit=400))
    if ask.state == "closed":
        reason = f": {to_plain(ask.close_reason)}" if ask.close_reason else ""
        blocks.append(context_line(f"Closed by {ask.closed_by or 'the asker'}{reason}"))
    if ask.state in {"open", "answered"} and ask.looking:
        blocks.append(context_line(f"Looking into it: {name_list(ask.looking)}"))
    if ask.same_count:
        people = (
            "1 other person has"
            if ask.same_count == 1
            else f"{ask.same_count} others have"
        )
        blocks.append(context_line(f"{people} this problem"))
    return blocks


def _ask_buttons(ask: AskView) -> ActionsBlock:
    elements: list[InteractiveElement] = []
    if ask.state in {"open", "answered"}:
        elements.append(button("I can help", "ask_looking", ask.id))
        elements.append(button("Same here", "ask_same", ask.id))
    elements.append(OverflowMenuElement(action_id="ask_menu", options=_menu(ask)))
    return ActionsBlock(block_id=f"ask_{ask.id}", elements=elements)


def _menu(ask: AskView) -> list[Option]:
    """Return the entries of the menu, the same for every reader.

    "Ask options…" opens a modal with the reader's own options.
    """
    entries = [("Ask options…", "options")]
    if ask.is_captured and ask.state == "open":
        entries.append(("Not an ask", "delete"))
    entries.append(("How asks work", "help"))
    return [Option(text=label, value=f"{entry}:{ask.id}") for label, entry in entries]
