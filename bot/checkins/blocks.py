"""Messages in a channel: a round's post, what people share, and the digest. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import ActionsBlock, Block

from bot.checkins.rules import LONGEST_ANSWER, STREAK, WEEKDAYS, Response
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, quoted
from bot.slack.rich_text import Part, fallback_text, link, user_mention
from bot.slack.text import one_line, to_plain, truncate

_LONGEST = 1000
LONGEST_LABEL = 150
_LONGEST_TITLE = 80
# All answers share one message, which Slack takes up to a length.
_MOST_ELEMENTS = 15
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
_MOST_WIN_ELEMENTS = 6
_BULLET = "•  "


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round as the channel's message shows it. Texts are mrkdwn; "" for none."""

    id: int
    question: str
    hint: str
    reflection: str
    closes_at: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class PreviousRound:
    """The outcome of the round before. `url` leads to its message."""

    url: str
    shared_count: int
    solved_count: int


def round_post(view: RoundView, previous: PreviousRound | None = None) -> Note:
    """Ask the channel, which is notified of nothing: people share when they like."""
    blocks: list[Block] = []
    if previous:
        blocks.append(rich_text.inline(*_previous_round(previous)))
    blocks.append(rich_text.user_text(view.question, limit=_LONGEST, is_bold=True))
    if view.hint:
        blocks.append(rich_text.user_text(view.hint, limit=_LONGEST))
    if view.reflection:
        blocks.append(rich_text.inline(f"And if you like: {to_plain(view.reflection)}"))
    blocks += [
        round_buttons(view.id),
        rich_text.context_line(
            "Press Share or reply in the thread. Join to get one reminder if you"
            " forget. Open until ",
            rich_text.date_token(view.closes_at, view.zone),
            ".",
        ),
    ]
    return fallback_text(to_plain(view.question)), blocks


def _previous_round(previous: PreviousRound) -> list[Part]:
    """Say "Last time 5 shared; 1 blocker was solved."."""
    parts: list[Part] = [
        link(previous.url, "Last time"),
        f" {previous.shared_count} shared",
    ]
    if previous.solved_count == 1:
        parts.append("; 1 blocker was solved")
    elif previous.solved_count:
        parts.append(f"; {previous.solved_count} blockers were solved")
    return [*parts, "."]


def round_buttons(round_id: int) -> ActionsBlock:
    return button_row(
        button("Share", "checkin_share", round_id, style="primary"),
        button("Join", "checkin_join", round_id),
    )


def format_local_time(at: datetime, zone: ZoneInfo) -> str:
    """As the clocks there show it: "Friday 4 December at 09:00"."""
    local = at.astimezone(zone)
    return f"{format_date(local.date())} at {local:%H:%M}"


def format_date(date_: date) -> str:
    """In full: "Friday 4 December"."""
    return f"{WEEKDAYS[date_.weekday()]} {date_.day} {date_:%B}"


_ASK_STATES = {
    "open": "open",
    "answered": "answered",
    "solved": "solved",
    "closed": "closed",
    "deleted": "taken back",
}


@dataclass(frozen=True, slots=True)
class RoundPrompt:
    """A round's questions. Texts are mrkdwn; "" for none."""

    question: str
    hint: str = ""
    reflection: str = ""


@dataclass(frozen=True, slots=True)
class Blocker:
    """The ask that a member made of a blocker. `title` is mrkdwn.

    `url` and `title` are "" where the readers may not see it.
    """

    state: str
    title: str = ""
    url: str = ""
    # Of the answer that solved it.
    solution_url: str = ""


def response_message(
    member: str,
    name: str,
    prompt: RoundPrompt,
    response: Response,
    blocker: Blocker | None,
) -> Note:
    """In the round's thread. `member` is a Slack id: they hear of replies to it."""
    blocks: list[Block] = [rich_text.inline(user_mention(member), " shared:")]
    blocks += _response_part("Working on", response.working_on)
    blocks += _response_part("Stuck on", response.stuck_on)
    if blocker is not None and response.stuck_on:
        blocks.append(rich_text.inline(*blocker_outcome(blocker)))
    blocks += _response_part("Proud of", response.proud_of)
    blocks += _response_part(prompt.reflection or "Also", response.reflection)
    first = next(
        text
        for text in (
            response.working_on,
            response.stuck_on,
            response.proud_of,
            response.reflection,
        )
        if text
    )
    return fallback_text(f"{name} shared: {truncate(to_plain(first), 200)}"), blocks


def _response_part(label: str, text: str) -> Sequence[Block]:
    if not text:
        return ()
    return (
        rich_text.user_text(label, limit=LONGEST_LABEL, is_bold=True),
        rich_text.user_text(text, limit=LONGEST_ANSWER, max_elements=_MOST_ELEMENTS),
    )


def blocker_outcome(blocker: Blocker, *, with_title: bool = True) -> list[Part]:
    """Describe the outcome of a blocker: "Asked: “How …?”, solved"."""
    state = _ASK_STATES[blocker.state]
    if blocker.state == "deleted" or not blocker.url:
        return [f"Asked their peers: {state}"]
    title = quoted(blocker.title, _LONGEST_TITLE)
    asked: list[Part] = ["Asked: ", link(blocker.url, title)]
    if not with_title:
        asked = [link(blocker.url, "Asked their peers")]
    parts: list[Part] = [*asked, f", {state}"]
    if blocker.state == "solved" and blocker.solution_url:
        parts += [" by ", link(blocker.solution_url, "this answer")]
    return parts


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
                max_elements=_MOST_WIN_ELEMENTS,
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
