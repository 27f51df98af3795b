"""The digest of a closed round: wins, blockers and who shared. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, DividerBlock, RichTextBlock
from slack_sdk.models.views import View

from bot.checkins.blocks import Blocker, blocker_outcome
from bot.checkins.rules import STREAK
from bot.slack import rich_text
from bot.slack.blocks import Note, name_list
from bot.slack.rich_text import Part, fallback_text, link
from bot.slack.text import one_line, to_plain, truncate

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
class DigestEntry:
    """One member's response. `proud_of` and `stuck_on` are mrkdwn.

    `name` is a plain name; `url` links to the response, "" if there is nothing to link.
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
    streak: int = 0


def digest(question: str, entries: Sequence[DigestEntry]) -> Note:
    """Replace a round's message when it closes. `question` is mrkdwn."""
    summary = f"This check-in has closed. {_how_many(len(entries))} shared."
    blocks: list[Block] = [
        rich_text.user_text(question, limit=200, is_bold=True),
        rich_text.inline(summary),
    ]
    if entries:
        blocks.append(rich_text.inline(*_names(entries)))
    blocks += _celebrations(entries)
    blocks += _wins(entries)
    blocks += _blockers(entries)
    return fallback_text(f"{to_plain(question)} {summary}"), blocks


def _how_many(count: int) -> str:
    match count:
        case 0:
            return "Nobody"
        case 1:
            return "1 person"
        case _:
            return f"{count} people"


def _names(entries: Sequence[DigestEntry]) -> list[Part]:
    """List everybody who shared, with links for as many as fit."""
    # All names come first: a link is a convenience.
    room = _ROOM_FOR_NAMES - sum(len(line.name) + len(_COMMA) for line in entries)
    parts: list[Part] = ["Who shared: "]
    rest = list(entries)
    while rest and rest[0].url and room > len(rest[0].url) + _LINK:
        room -= len(rest[0].url) + _LINK
        parts += [_linked_name(rest.pop(0)), _COMMA if rest else ""]
    text = ""
    for n, line in enumerate(rest):
        if len(text) + len(line.name) > _ROOM_FOR_NAMES:
            return [*parts, f"{text} and {len(rest) - n} more"]
        text += (_COMMA if n else "") + line.name
    return [*parts, text]


def _celebrations(entries: Sequence[DigestEntry]) -> list[Block]:
    lines: list[str] = []
    newcomers = [line.name for line in entries if line.is_first]
    if newcomers:
        lines.append(f"First check-in: {_join_names(newcomers)}. Welcome!")
    rows = sorted({line.streak for line in entries if line.streak}, reverse=True)
    for count in rows:
        names = [line.name for line in entries if line.streak == count]
        lines.append(f"{_COUNTS.get(count, count)} in a row: {_join_names(names)}.")
    lines += [
        f"{line.solved_by} solved what {line.name} was stuck on."
        for line in entries
        if line.solved_by
    ]
    items = [[rich_text.inline(_BULLET + text)] for text in lines]
    return _section("Worth celebrating", items, _ROOM_FOR_CELEBRATIONS)


def _wins(entries: Sequence[DigestEntry]) -> list[Block]:
    items = [
        [
            rich_text.user_text(
                line.proud_of,
                limit=_LONGEST_WIN,
                max_elements=_MOST_ELEMENTS,
                prefix=(_BULLET, _linked_name(line), ": "),
            )
        ]
        for line in entries
        if line.proud_of
    ]
    return _section("Proud of", items, _ROOM_FOR_WINS)


def _blockers(entries: Sequence[DigestEntry]) -> list[Block]:
    items = []
    for line in entries:
        if not line.stuck_on:
            continue
        blocker = truncate(one_line(to_plain(line.stuck_on)), _LONGEST_BLOCKER)
        parts: list[Part] = [_BULLET, _linked_name(line), f": {blocker}"]
        if line.blocker:
            # Its title is most likely what was just said.
            parts += [" · ", *blocker_outcome(line.blocker, with_title=False)]
        items.append([rich_text.inline(*parts)])
    return _section("Stuck on", items, _ROOM_FOR_BLOCKERS)


def _section(heading: str, items: Sequence[Sequence[Block]], room: int) -> list[Block]:
    """As many of the items as there is room for, and how many more there are."""
    if not items:
        return []
    blocks: list[Block] = [rich_text.user_text(heading, limit=80, is_bold=True)]
    for n, item in enumerate(items):
        room -= sum(_size(block) for block in item)
        if room < 0 and n:
            more = f"{_BULLET}and {len(items) - n} more, in the thread"
            return [*blocks, rich_text.inline(more)]
        blocks += item
    return blocks


def _size(block: Block) -> int:
    return len(json.dumps(block.to_dict(), ensure_ascii=False))


_COUNTS = {STREAK: "Ten", 2 * STREAK: "Twenty", 3 * STREAK: "Thirty"}


def _join_names(names: Sequence[str]) -> str:
    return truncate(", ".join(names), _LONGEST_LIST)


def _linked_name(entry: DigestEntry) -> Part:
    return link(entry.url, entry.name) if entry.url else entry.name


_MOST_NAMES = 30


_QUESTION = 80


@dataclass(frozen=True, slots=True)
class PastRound:
    """A past round. `question` is mrkdwn; `shared` are plain names."""

    day: str
    question: str
    url: str
    shared_by: Sequence[str]
    # When it closes, of an open one; why it was none, of one that was skipped.
    until: Part
    skip_reason: str


def overview(channel: str, rows: Sequence[PastRound]) -> View:
    """The last rounds in a channel, the latest first. `channel` is its name."""
    blocks: list[Block] = [rich_text.inline(f"The last check-ins in #{channel}:")]
    if not rows:
        blocks = [
            rich_text.inline(
                f"No check-ins in #{channel} yet. Champions and admins can set one up"
                " with /backswing."
            )
        ]
    for row in rows:
        blocks += [
            DividerBlock(),
            _past_round(row),
            rich_text.context_line(*_result(row)),
        ]
    return View(type="modal", title="Check-ins", close="Close", blocks=blocks)


def _past_round(row: PastRound) -> RichTextBlock:
    question = truncate(to_plain(row.question), _QUESTION)
    asked = link(row.url, question) if row.url else question
    return rich_text.inline(f"{row.day}:  ", asked)


def _result(row: PastRound) -> list[Part]:
    if row.skip_reason:
        return [f"Skipped: {row.skip_reason}."]
    named = list(row.shared_by[:_MOST_NAMES])
    if more := len(row.shared_by) - len(named):
        named.append(f"{more} more")
    sharers = f"{name_list(named)} shared" if named else "Nobody shared"
    if row.until:
        return [f"{sharers} so far. Open until ", row.until, "."]
    return [f"{sharers}."]
