"""Real conversations as marks and messages, the inputs of mentor detection."""

import gzip
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# Slack's own names, without skin tones; "partyr" is an emoji of the R community.
HELPFUL = frozenset(
    [
        "+1",
        "heart",
        "pray",
        "100",
        "tada",
        "raised_hands",
        "clap",
        "thank-you",
        "white_check_mark",
        "purple_heart",
        "rocket",
        "heavy_plus_sign",
        "partyr",
        "bulb",
        "ok_hand",
        "star",
        "muscle",
    ]
)
MIN_VOTES = 3
_HUMAN_SUBTYPES = {None, "file_share", "me_message", "thread_broadcast"}

# (helper or answerer, asker, time) and (author, time), in seconds since 1970.
Mark = tuple[str, str, float]
Post = tuple[str, float]


@dataclass(frozen=True, slots=True)
class History:
    marks: list[Mark] = field(default_factory=list)
    # All messages, and those that answer somebody else.
    posts: list[Post] = field(default_factory=list)
    answers: list[Mark] = field(default_factory=list)

    @property
    def start(self) -> float:
        return min(at for _, at in self.posts)

    @property
    def end(self) -> float:
        return max(at for _, at in self.posts)


def read_history(path: Path) -> History:
    """Read a Slack export (.zip) or posts of Stack Exchange (.jsonl.gz)."""
    return (
        _read_slack_export(path)
        if path.suffix == ".zip"
        else _read_stack_exchange(path)
    )


def _first_marks(marked: dict[tuple[str, str, object], float]) -> list[Mark]:
    """Return one mark per ask and helper, at the time of the first helpful reply."""
    return [(helper, asker, at) for (helper, asker, _), at in marked.items()]


def _read_slack_export(path: Path) -> History:
    history = History()
    marked: dict[tuple[str, str, object], float] = {}
    with zipfile.ZipFile(path) as opened:
        people = json.loads(opened.read("users.json"))
        bots = {p["id"] for p in people if p.get("is_bot")} | {"USLACKBOT"}
        for room, messages in _channels(opened):
            human = [m for m in messages if _is_by_human(m, bots)]
            askers = {m["ts"]: m["user"] for m in human}
            for message in human:
                author, at = message["user"], float(message["ts"])
                history.posts.append((author, at))
                thread = message.get("thread_ts")
                asker = askers.get(thread) if thread != message["ts"] else None
                if asker is None or asker == author:
                    continue
                history.answers.append((author, asker, at))
                if _is_helpful(message, author, bots):
                    mark = (author, asker, (room, thread))
                    marked[mark] = min(at, marked.get(mark, at))
    history.marks.extend(_first_marks(marked))
    return history


def _channels(opened: zipfile.ZipFile) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    days: dict[str, list[dict[str, Any]]] = {}
    for name in opened.namelist():
        room, is_inside, file = name.rpartition("/")
        if is_inside and file.endswith(".json"):
            days.setdefault(room, []).extend(json.loads(opened.read(name)))
    yield from days.items()


def _is_by_human(message: dict[str, Any], bots: set[str]) -> bool:
    return (
        message.get("subtype") in _HUMAN_SUBTYPES
        and not message.get("bot_id")
        and bool(message.get("user"))
        and message["user"] not in bots
    )


def _is_helpful(message: dict[str, Any], author: str, bots: set[str]) -> bool:
    return any(
        reaction["name"].split("::")[0] in HELPFUL
        and set(reaction["users"]) - bots - {author}
        for reaction in message.get("reactions") or []
    )


def _read_stack_exchange(path: Path) -> History:
    """Read posts of Stack Exchange.

    A mark is an accepted answer, or one with at least three votes.
    """
    history = History()
    with gzip.open(path, "rt") as lines:
        posts = [json.loads(line) for line in lines]
    questions = {post["id"]: post for post in posts if post["kind"] == "q"}
    marked: dict[tuple[str, str, object], float] = {}
    for post in posts:
        if not post.get("user"):
            continue
        at = datetime.fromisoformat(post["t"]).replace(tzinfo=UTC).timestamp()
        author = str(post["user"])
        history.posts.append((author, at))
        question = questions.get(post.get("parent"))
        if question is None or not question.get("user"):
            continue
        asker = str(question["user"])
        if asker == author:
            continue
        history.answers.append((author, asker, at))
        is_accepted = question.get("accepted") == post["id"]
        if is_accepted or post["score"] >= MIN_VOTES:
            mark = (author, asker, question["id"])
            marked[mark] = min(at, marked.get(mark, at))
    history.marks.extend(_first_marks(marked))
    return history
