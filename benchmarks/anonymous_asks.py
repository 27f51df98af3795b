"""Choose asks of an export to replay without a name, and give their people roles."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.asks import capture_rules
from bot.asks.rules import form_values, from_message
from bot.imports.entries import ExportMessage
from bot.imports.export import Export
from bot.slack.text import to_plain

AUTHORS = ["tomas", "maya", "aino", "priya", "diego", "lars", "zoe", "hana", "noor"]
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")
NAMED = re.compile(r"@[\w.-]+\s?")


@dataclass(frozen=True, slots=True)
class Reply:
    by: str
    text: str
    reactions: int


@dataclass(frozen=True, slots=True)
class Thread:
    by: str
    text: str
    at: str
    replies: Sequence[Reply]


@dataclass(slots=True)
class ReplayedAsk:
    """An ask in the sandbox. `key` are words of its title, found on pages."""

    thread: Thread
    author: str
    roles: Mapping[str, str]
    title: str
    details: str
    key: str
    refused: list[str] = field(default_factory=list)
    hints: int = 0
    helpers: list[str] = field(default_factory=list)
    solver: str = ""
    is_posted: bool = False
    is_marked: bool = False
    is_thanked: bool = False


def threads(export: Export) -> list[Thread]:
    """Return the questions that another person has answered."""
    roots: dict[tuple[str, str], ExportMessage] = {}
    replies: dict[tuple[str, str], list[ExportMessage]] = {}
    for day in export.days(export.channels):
        for message in export.messages(day):
            if not message.user or message.subtype or message.bot_id:
                continue
            key = (day.channel.id, message.thread_ts or message.ts)
            if message.is_reply:
                replies.setdefault(key, []).append(message)
            elif capture_rules.should_capture(
                "questions",
                ts=message.ts,
                thread_ts=message.thread_ts,
                text=message.text,
            ):
                roots[key] = message
    return [
        Thread(root.user or "", root.text, root.ts, thread)
        for key, root in roots.items()
        if (
            thread := [
                Reply(each.user or "", each.text, len(each.reactions))
                for each in replies.get(key, ())
                if each.user != root.user and to_plain(each.text).strip()
            ]
        )
    ]


def choose(all_threads: Sequence[Thread], count: int) -> list[Thread]:
    """Choose by chance, of those that can be told apart on a page."""
    draw = random.Random(1)  # noqa: S311 - a draw, no secret
    shuffled = draw.sample(all_threads, len(all_threads))
    chosen: dict[str, Thread] = {}
    for thread in shuffled:
        key = _key(form_values(*from_message(thread.text))[0])
        if len(key) > 12 and not any(key in k or k in key for k in chosen):  # noqa: PLR2004
            chosen[key] = thread
        if len(chosen) == count:
            break
    return sorted(chosen.values(), key=lambda thread: float(thread.at))


def _key(title: str) -> str:
    """Return the longest part of a title that looks the same everywhere."""
    parts = re.findall(r"[A-Za-z][A-Za-z ]*[A-Za-z]", NAMED.sub("|", title[:75]))
    return max(parts, key=len, default="")[:30].strip()


def roles(thread: Thread, author: str) -> Mapping[str, str]:
    """Return who plays whom; nobody else is played by the author."""
    others = [name for name in AUTHORS if name != author]
    start = AUTHORS.index(author)
    others = others[start:] + others[:start]
    people = [reply.by for reply in thread.replies] + _MENTION.findall(thread.text)
    people += [
        name for reply in thread.replies for name in _MENTION.findall(reply.text)
    ]
    rest = dict.fromkeys(person for person in people if person != thread.by)
    return {person: others[n % len(others)] for n, person in enumerate(rest)} | {
        thread.by: author
    }


def typed(text: str, people: Mapping[str, str]) -> str:
    """Return the mrkdwn with mentions as people type them."""
    return _MENTION.sub(lambda mention: f"@{people[mention[1]]}", text)


def prepare(thread: Thread, author: str) -> ReplayedAsk:
    people = roles(thread, author)
    title, details = form_values(*from_message(typed(thread.text, people)))
    return ReplayedAsk(thread, author, people, title, details, _key(title))
