"""What an ask looks like: its message. Values in, blocks out."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    InteractiveElement,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextObject,
)

from bot import rich
from bot.text import escape, plain

# Slack draws about this much of a message comfortably, and refuses several times it.
SHOWN_DETAILS = 3000
MOST_NAMES = 5
_LINE = "Your peers can answer in this thread."
NO_ASK = "This message is not an ask."

_STATES = {
    "open": ":white_circle: Open",
    "answered": ":speech_balloon: Answered",
    "solved": ":white_check_mark: Solved",
    "closed": ":heavy_minus_sign: Closed",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An ask as its readers see it. `title`, `details` and `worked` are marked text."""

    id: int
    title: str
    details: str
    # Their name: the bot mentions nobody who asks.
    asker: str
    topics: Sequence[str]
    state: str
    # Each solution's author's name, and its address.
    solutions: Sequence[tuple[str, str]] = ()
    worked: str | None = None
    looking: Sequence[str] = ()
    same: int = 0
    closed_by: str | None = None
    close_reason: str | None = None
    is_first: bool = False
    # The address of the check-in that it was asked from.
    origin: str | None = None
    # The first of the emoji that mean here that an answer solved the ask.
    solved_emoji: str = "white_check_mark"
    # Whether the channel took somebody's own message as an ask.
    is_captured: bool = False


def summary(ask: Shown) -> str:
    """For notifications, and for clients that draw no blocks."""
    return f"Ask ({ask.state}): {escape(plain(ask.title))}"


def message(ask: Shown) -> list[Block]:
    blocks: list[Block] = [rich.words(ask.title, limit=200, is_bold=True)]
    if ask.details:
        blocks.append(rich.words(ask.details, limit=SHOWN_DETAILS))
    blocks.append(_about(ask, f"Asked by {ask.asker}"))
    if ask.origin:
        blocks.append(rich.sentence("From ", rich.link(ask.origin, "a check-in")))
    blocks += _outcome(ask)
    if ask.is_first and ask.state in {"open", "answered"}:
        hint = (
            f"When an answer works, react to it with :{ask.solved_emoji}: and the ask"
            " is solved."
        )
        blocks.append(ContextBlock(elements=[MarkdownTextObject(text=hint)]))
    blocks.append(_buttons(ask))
    return blocks


def _about(ask: Shown, what: str) -> ContextBlock:
    elements: list[MarkdownTextObject | PlainTextObject] = [
        MarkdownTextObject(text=_STATES[ask.state]),
        PlainTextObject(text=what, emoji=False),
    ]
    if ask.topics:
        tags = "  ".join(f"#{topic}" for topic in ask.topics)
        elements.append(PlainTextObject(text=tags, emoji=False))
    return ContextBlock(elements=elements)


def line(ask: Shown) -> list[Block]:
    """The bot's line in the thread of somebody's own message."""
    return [_about(ask, _LINE), *_outcome(ask), _buttons(ask)]


def line_summary(ask: Shown) -> str:
    return f"Ask ({ask.state}). {_LINE}"


def no_ask(ask_id: int) -> tuple[str, list[Block]]:
    """The line of a message of which somebody said that it is not an ask."""
    return NO_ASK, [_aside(NO_ASK), undo(ask_id)]


def undo(ask_id: int) -> ActionsBlock:
    again = ButtonElement(text="Undo", action_id="ask_restore", value=str(ask_id))
    return ActionsBlock(elements=[again])


def _outcome(ask: Shown) -> list[Block]:
    blocks: list[Block] = []
    if ask.solutions:
        parts: list[rich.Part] = ["What solved it: "]
        for n, (name, url) in enumerate(ask.solutions[:MOST_NAMES]):
            parts += [", " if n else "", rich.link(url, f"{name}'s answer")]
        blocks.append(rich.sentence(*parts))
    if ask.worked and ask.state == "solved":
        blocks.append(rich.words("What worked: " + ask.worked, limit=400))
    if ask.state == "closed":
        why = f": {plain(ask.close_reason)}" if ask.close_reason else ""
        blocks.append(_aside(f"Closed by {ask.closed_by or 'the asker'}{why}"))
    if ask.state in {"open", "answered"} and ask.looking:
        blocks.append(_aside(f"Looking into it: {names(ask.looking)}"))
    if ask.same:
        people = "1 other person has" if ask.same == 1 else f"{ask.same} others have"
        blocks.append(_aside(f"{people} this problem"))
    return blocks


def names(people: Sequence[str]) -> str:
    """Plain names, which notify nobody: "Ana, Ben and 3 more"."""
    if len(people) > MOST_NAMES:
        shown, rest = people[: MOST_NAMES - 1], len(people) - MOST_NAMES + 1
        return f"{', '.join(shown)} and {rest} more"
    if len(people) > 1:
        return f"{', '.join(people[:-1])} and {people[-1]}"
    return people[0] if people else "nobody"


def _aside(text: str) -> ContextBlock:
    return ContextBlock(elements=[PlainTextObject(text=text, emoji=False)])


def _buttons(ask: Shown) -> ActionsBlock:
    elements: list[InteractiveElement] = []
    if ask.state in {"open", "answered"}:
        elements.append(
            ButtonElement(text="I can help", action_id="ask_looking", value=str(ask.id))
        )
        elements.append(
            ButtonElement(text="Same here", action_id="ask_same", value=str(ask.id))
        )
    elements.append(OverflowMenuElement(action_id="ask_menu", options=_menu(ask)))
    return ActionsBlock(block_id=f"ask_{ask.id}", elements=elements)


def _menu(ask: Shown) -> list[Option]:
    """What everybody may do: the same menu is shown to all.

    The options are then those of the person who opens them.
    """
    entries = [("Ask options…", "options")]
    if ask.is_captured and ask.state == "open":
        entries.append(("Not an ask", "delete"))
    entries.append(("How asks work", "help"))
    return [Option(text=label, value=f"{what}:{ask.id}") for label, what in entries]
