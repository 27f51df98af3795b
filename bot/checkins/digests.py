"""What the message of a closed round says: who shared what, what is stuck. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block

from bot import rich
from bot.checkins.answers import Blocker, outcome
from bot.checkins.rules import ROW
from bot.rich import Part, link, spoken
from bot.text import one_line, plain, shorten

Note = tuple[str, list[Block]]

# Slack refuses messages whose blocks, as JSON, are longer than about 13,000 characters.
# What does not fit is in the thread.
_ROOM_FOR_NAMES = 4200
_ROOM_FOR_CELEBRATIONS = 1800
_ROOM_FOR_WINS = 3300
_ROOM_FOR_BLOCKERS = 2500
# What stands around a link's address and its name.
_LINK = 90
_COMMA = ", "
_LONGEST_WIN = 280
_LONGEST_BLOCKER = 120
_LONGEST_LIST = 240
_MOST_ELEMENTS = 6
_BULLET = "•  "


@dataclass(frozen=True, slots=True)
class Line:
    """What one person shared. `proud_of` and `stuck_on` are marked text.

    `name` is a plain name, and `url` leads to what they shared: "" where nothing does.
    """

    name: str
    url: str = ""
    proud_of: str = ""
    stuck_on: str = ""
    blocker: Blocker | None = None
    # Whose answer solved it: a plain name.
    solved_by: str = ""
    is_first: bool = False
    # How many rounds in a row, this one included.
    in_a_row: int = 0


def digest(question: str, lines: Sequence[Line]) -> Note:
    """In place of the question that a channel was asked. `question` is marked text."""
    said = f"This check-in has closed. {_how_many(len(lines))} shared."
    blocks: list[Block] = [
        rich.words(question, limit=200, is_bold=True),
        rich.sentence(said),
    ]
    if lines:
        blocks.append(rich.sentence(*_names(lines)))
    blocks += _celebrated(lines)
    blocks += _wins(lines)
    blocks += _blockers(lines)
    return spoken(f"{plain(question)} {said}"), blocks


def _how_many(count: int) -> str:
    match count:
        case 0:
            return "Nobody"
        case 1:
            return "1 person"
        case _:
            return f"{count} people"


def _names(lines: Sequence[Line]) -> list[Part]:
    """Who shared, with links for as many as there is room for."""
    # All names come first: a link is a convenience.
    room = _ROOM_FOR_NAMES - sum(len(line.name) + len(_COMMA) for line in lines)
    parts: list[Part] = ["Who shared: "]
    rest = list(lines)
    while rest and rest[0].url and room > len(rest[0].url) + _LINK:
        room -= len(rest[0].url) + _LINK
        parts += [_who(rest.pop(0)), _COMMA if rest else ""]
    text = ""
    for n, line in enumerate(rest):
        if len(text) + len(line.name) > _ROOM_FOR_NAMES:
            return [*parts, f"{text} and {len(rest) - n} more"]
        text += (_COMMA if n else "") + line.name
    return [*parts, text]


def _celebrated(lines: Sequence[Line]) -> list[Block]:
    said: list[str] = []
    newcomers = [line.name for line in lines if line.is_first]
    if newcomers:
        said.append(f"First check-in: {_listed(newcomers)}. Welcome!")
    rows = sorted({line.in_a_row for line in lines if line.in_a_row}, reverse=True)
    for count in rows:
        who = [line.name for line in lines if line.in_a_row == count]
        said.append(f"{_COUNTS.get(count, count)} in a row: {_listed(who)}.")
    said += [
        f"{line.solved_by} solved what {line.name} was stuck on."
        for line in lines
        if line.solved_by
    ]
    items = [[rich.sentence(_BULLET + text)] for text in said]
    return _section("Worth celebrating", items, _ROOM_FOR_CELEBRATIONS)


def _wins(lines: Sequence[Line]) -> list[Block]:
    items = [
        [
            rich.words(
                line.proud_of,
                limit=_LONGEST_WIN,
                most_elements=_MOST_ELEMENTS,
                lead=(_BULLET, _who(line), ": "),
            )
        ]
        for line in lines
        if line.proud_of
    ]
    return _section("Proud of", items, _ROOM_FOR_WINS)


def _blockers(lines: Sequence[Line]) -> list[Block]:
    items = []
    for line in lines:
        if not line.stuck_on:
            continue
        blocker = shorten(one_line(plain(line.stuck_on)), _LONGEST_BLOCKER)
        parts: list[Part] = [_BULLET, _who(line), f": {blocker}"]
        if line.blocker:
            # Its title is most likely what was just said.
            parts += [" · ", *outcome(line.blocker, with_title=False)]
        items.append([rich.sentence(*parts)])
    return _section("Stuck on", items, _ROOM_FOR_BLOCKERS)


def _section(heading: str, items: Sequence[Sequence[Block]], room: int) -> list[Block]:
    """As many of the items as there is room for, and how many more there are."""
    if not items:
        return []
    blocks: list[Block] = [rich.words(heading, limit=80, is_bold=True)]
    for n, item in enumerate(items):
        room -= sum(_size(block) for block in item)
        if room < 0 and n:
            more = f"{_BULLET}and {len(items) - n} more, in the thread"
            return [*blocks, rich.sentence(more)]
        blocks += item
    return blocks


def _size(block: Block) -> int:
    return len(json.dumps(block.to_dict(), ensure_ascii=False))


_COUNTS = {ROW: "Ten", 2 * ROW: "Twenty", 3 * ROW: "Thirty"}


def _listed(names: Sequence[str]) -> str:
    return shorten(", ".join(names), _LONGEST_LIST)


def _who(line: Line) -> Part:
    return link(line.url, line.name) if line.url else line.name
