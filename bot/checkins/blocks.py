"""Messages in a channel: a round's post, what people share, and the digest. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import ActionsBlock, Block

from bot.checkins.rules import MAX_ANSWER_LENGTH, STREAK, WEEKDAYS, Response
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, quoted
from bot.slack.rich_text import Part, fallback_text, link, user_mention
from bot.slack.text import one_line, to_plain, truncate

_MAX_LENGTH = 1000
MAX_LABEL_LENGTH = 150
_MAX_TITLE_LENGTH = 80
# For each text of a response: all of them share one message.
_MAX_ELEMENTS = 15
# Slack refuses messages whose blocks are longer than about 13,000 characters as JSON.
# These limits keep the digest below that; the thread has the rest.
_MAX_NAMES_LENGTH = 4200
_MAX_CELEBRATIONS_LENGTH = 1800
_MAX_WINS_LENGTH = 3300
_MAX_BLOCKERS_LENGTH = 2500
# The characters of a link's JSON besides its URL and text.
_LINK_LENGTH = 90
_COMMA = ", "
_MAX_WIN_LENGTH = 280
_MAX_BLOCKER_LENGTH = 120
_MAX_LIST_LENGTH = 240
_MAX_WIN_ELEMENTS = 6
_BULLET = "•  "


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round for its post. Texts are mrkdwn; "" if there is none."""

    id: int
    question: str
    hint: str
    reflection: str
    closes_at: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class PreviousRound:
    """The outcome of the previous round. `url` links to its post."""

    url: str
    shared_count: int
    solved_count: int


def round_post(view: RoundView, previous: PreviousRound | None = None) -> Note:
    """Build a round's post, which mentions nobody."""
    blocks: list[Block] = []
    if previous:
        blocks.append(rich_text.inline(*_previous_round(previous)))
    blocks.append(rich_text.user_text(view.question, limit=_MAX_LENGTH, is_bold=True))
    if view.hint:
        blocks.append(rich_text.user_text(view.hint, limit=_MAX_LENGTH))
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
    """Return "Last time 5 shared; 1 blocker was solved."."""
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
    """Format the local time in the zone: "Friday 4 December at 09:00"."""
    local = at.astimezone(zone)
    return f"{format_date(local.date())} at {local:%H:%M}"


def format_date(date_: date) -> str:
    """Format a date in full: "Friday 4 December"."""
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
    """A round's questions. Texts are mrkdwn; "" if there is none."""

    question: str
    hint: str = ""
    reflection: str = ""


@dataclass(frozen=True, slots=True)
class Blocker:
    """The ask that a member made of a blocker. `title` is mrkdwn.

    `url` and `title` are "" if the channel's members may not see the ask.
    """

    state: str
    title: str = ""
    url: str = ""
    # The permalink of the answer that solved it.
    solution_url: str = ""


def response_message(
    member: str,
    name: str,
    prompt: RoundPrompt,
    response: Response,
    blocker: Blocker | None,
) -> Note:
    """Build the message with a member's response in the round's thread.

    It mentions the member (a Slack id), so that Slack notifies them of replies.
    """
    blocks: list[Block] = [rich_text.inline(user_mention(member), " shared:")]
    blocks += _response_part("Working on", response.working_on)
    blocks += _response_part("Stuck on", response.stuck_on)
    if blocker is not None and response.stuck_on:
        blocks.append(rich_text.inline(*blocker_outcome(blocker)))
    blocks += _response_part("Proud of", response.proud_of)
    blocks += _response_part(prompt.reflection or "Also", response.reflection)
    summary = next(
        text
        for text in (
            response.working_on,
            response.stuck_on,
            response.proud_of,
            response.reflection,
        )
        if text
    )
    return fallback_text(f"{name} shared: {truncate(to_plain(summary), 200)}"), blocks


def _response_part(label: str, text: str) -> Sequence[Block]:
    if not text:
        return ()
    return (
        rich_text.user_text(label, limit=MAX_LABEL_LENGTH, is_bold=True),
        rich_text.user_text(text, limit=MAX_ANSWER_LENGTH, max_elements=_MAX_ELEMENTS),
    )


def blocker_outcome(blocker: Blocker, *, with_title: bool = True) -> list[Part]:
    """Describe the outcome of a blocker: "Asked: “How …?”, solved"."""
    state = _ASK_STATES[blocker.state]
    if blocker.state == "deleted" or not blocker.url:
        return [f"Asked their peers: {state}"]
    parts: list[Part] = [link(blocker.url, "Asked their peers")]
    if with_title:
        parts = ["Asked: ", link(blocker.url, quoted(blocker.title, _MAX_TITLE_LENGTH))]
    parts.append(f", {state}")
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
    # The plain name of the member whose answer solved the blocker.
    solved_by: str = ""
    is_first: bool = False
    # The number of rounds in a row, if that is a milestone; else 0.
    streak: int = 0


def digest(question: str, entries: Sequence[DigestEntry]) -> Note:
    """Build the digest that replaces a closed round's post. `question` is mrkdwn."""
    summary = f"This check-in has closed. {_count_text(len(entries))} shared."
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


def _count_text(count: int) -> str:
    match count:
        case 0:
            return "Nobody"
        case 1:
            return "1 person"
        case _:
            return f"{count} people"


def _names(entries: Sequence[DigestEntry]) -> list[Part]:
    """List the members who shared, with links for as many as fit."""
    # Names take precedence over links.
    space = _MAX_NAMES_LENGTH - sum(len(entry.name) + len(_COMMA) for entry in entries)
    parts: list[Part] = ["Who shared: "]
    rest = list(entries)
    while rest and rest[0].url and space > len(rest[0].url) + _LINK_LENGTH:
        space -= len(rest[0].url) + _LINK_LENGTH
        parts += [_linked_name(rest.pop(0)), _COMMA if rest else ""]
    text = ""
    for n, entry in enumerate(rest):
        if len(text) + len(entry.name) > _MAX_NAMES_LENGTH:
            return [*parts, f"{text} and {len(rest) - n} more"]
        text += (_COMMA if n else "") + entry.name
    return [*parts, text]


def _celebrations(entries: Sequence[DigestEntry]) -> list[Block]:
    lines: list[str] = []
    newcomers = [entry.name for entry in entries if entry.is_first]
    if newcomers:
        lines.append(f"First check-in: {_join_names(newcomers)}. Welcome!")
    streaks = sorted({entry.streak for entry in entries if entry.streak}, reverse=True)
    for count in streaks:
        names = [entry.name for entry in entries if entry.streak == count]
        lines.append(f"{_COUNTS.get(count, count)} in a row: {_join_names(names)}.")
    lines += [
        f"{entry.solved_by} solved what {entry.name} was stuck on."
        for entry in entries
        if entry.solved_by
    ]
    items = [[rich_text.inline(_BULLET + text)] for text in lines]
    return _section("Worth celebrating", items, _MAX_CELEBRATIONS_LENGTH)


def _wins(entries: Sequence[DigestEntry]) -> list[Block]:
    items = [
        [
            rich_text.user_text(
                entry.proud_of,
                limit=_MAX_WIN_LENGTH,
                max_elements=_MAX_WIN_ELEMENTS,
                prefix=(_BULLET, _linked_name(entry), ": "),
            )
        ]
        for entry in entries
        if entry.proud_of
    ]
    return _section("Proud of", items, _MAX_WINS_LENGTH)


def _blockers(entries: Sequence[DigestEntry]) -> list[Block]:
    items = []
    for entry in entries:
        if not entry.stuck_on:
            continue
        blocker = truncate(one_line(to_plain(entry.stuck_on)), _MAX_BLOCKER_LENGTH)
        parts: list[Part] = [_BULLET, _linked_name(entry), f": {blocker}"]
        if entry.blocker:
            # The ask's title is most likely the same text.
            parts += [" · ", *blocker_outcome(entry.blocker, with_title=False)]
        items.append([rich_text.inline(*parts)])
    return _section("Stuck on", items, _MAX_BLOCKERS_LENGTH)


def _section(heading: str, items: Sequence[Sequence[Block]], space: int) -> list[Block]:
    """Build a section with as many items as fit in `space` characters of JSON."""
    if not items:
        return []
    blocks: list[Block] = [rich_text.user_text(heading, limit=80, is_bold=True)]
    for n, item in enumerate(items):
        space -= sum(_size(block) for block in item)
        if space < 0 and n:
            more = f"{_BULLET}and {len(items) - n} more, in the thread"
            return [*blocks, rich_text.inline(more)]
        blocks += item
    return blocks


def _size(block: Block) -> int:
    return len(json.dumps(block.to_dict(), ensure_ascii=False))


_COUNTS = {STREAK: "Ten", 2 * STREAK: "Twenty", 3 * STREAK: "Thirty"}


def _join_names(names: Sequence[str]) -> str:
    return truncate(", ".join(names), _MAX_LIST_LENGTH)


def _linked_name(entry: DigestEntry) -> Part:
    return link(entry.url, entry.name) if entry.url else entry.name
