"""Counts asks, answers and marks: straight from an export's JSON, and as the bot did.

The first half is what the bot is held to, so it shares nothing with it but Slack's
words, and says in its own way what counts.
"""

import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Answer, Ask, Channel

# A message is called by its channel and its ts.
Key = tuple[str, str]

_HELPFUL = ("+1", "thumbsup", "raised_hands", "heart", "pray", "bulb")


@dataclass
class Counts:
    # The asker and the state.
    asks: dict[Key, tuple[str, str]] = field(default_factory=dict)
    # The author.
    answers: dict[Key, str] = field(default_factory=dict)
    # How many people an answer helped.
    helpful: dict[Key, int] = field(default_factory=dict)
    # Answers that solved their ask.
    solutions: set[Key] = field(default_factory=set)

    def figures(self) -> dict[str, int]:
        return {
            "asks": len(self.asks),
            "answers": len(self.answers),
            "helpful marks": sum(self.helpful.values()),
            "solved asks": sum(state == "solved" for _, state in self.asks.values()),
        }


def in_json(
    path: Path,
    channels: list[str] | None = None,
    *,
    is_ask: Callable[[str], bool] = lambda _text: True,
) -> Counts:
    with zipfile.ZipFile(path) as export:
        users = json.loads(export.read("users.json"))
        rooms = json.loads(export.read("channels.json"))
        counts = Counts()
        for room in rooms:
            if channels is None or room["name"] in channels:
                said = [
                    message
                    for name in export.namelist()
                    if name.startswith(f"{room['name']}/")
                    for message in json.loads(export.read(name))
                ]
                add_messages(counts, room["id"], said, users, is_ask)
        return counts


def add_messages(
    counts: Counts,
    room: str,
    said: list[dict[str, Any]],
    users: list[dict[str, Any]],
    is_ask: Callable[[str], bool] = lambda _text: True,
) -> None:
    """Count what was said in one channel."""
    robots = {"USLACKBOT"} | {u["id"] for u in users if u.get("is_bot")}
    bosses = {u["id"] for u in users if u.get("is_admin") or u.get("is_owner")}

    def is_human(m: dict[str, Any]) -> bool:
        ordinary = m.get("subtype") in {
            None,
            "file_share",
            "me_message",
            "thread_broadcast",
        }
        return ordinary and not m.get("bot_id") and m.get("user") not in {None, *robots}

    human = {m["ts"]: m for m in said if is_human(m)}
    heads = {
        ts: m
        for ts, m in human.items()
        if m.get("thread_ts") in {None, ts} and is_ask(m.get("text") or "")
    }
    for ts, head in heads.items():
        asker = head["user"]
        replies = {
            other: m
            for other, m in human.items()
            if other != ts and m.get("thread_ts") == ts and m["user"] != asker
        }
        solved = bool(_who(head, "white_check_mark") & {asker, *bosses} - robots)
        for reply_ts, reply in replies.items():
            key = (room, reply_ts)
            author = reply["user"]
            counts.answers[key] = author
            ticked = _who(reply, "white_check_mark") - robots - {author}
            pleased = _who(reply, *_HELPFUL) - robots - {author}
            if ticked & {asker, *bosses}:
                solved = True
                counts.solutions.add(key)
            if helped := pleased | (ticked - {asker, *bosses}):
                counts.helpful[key] = len(helped)
        state = "solved" if solved else "answered" if replies else "open"
        counts.asks[room, ts] = (asker, state)


def _who(message: dict[str, Any], *names: str) -> set[str]:
    return {
        user
        for reaction in message.get("reactions") or []
        if re.sub(r"::skin-tone-\d$", "", reaction["name"]) in names
        for user in reaction["users"]
    }


def in_database(session: Session) -> Counts:
    """What the bot holds, but for what was deleted."""
    rooms = dict(session.execute(select(Channel.id, Channel.slack_id)).all())
    counts = Counts()
    live = {}
    for ask in session.scalars(select(Ask).where(Ask.deleted_at.is_(None))):
        live[ask.id] = ask
        counts.asks[rooms[ask.channel_id], ask.ts or ""] = (ask.asker, ask.state)
    for answer in session.scalars(select(Answer).where(Answer.is_deleted.is_(False))):
        if answer.ask_id not in live:
            continue
        key = (rooms[answer.channel_id], answer.ts)
        counts.answers[key] = answer.author
        if answer.helped:
            counts.helpful[key] = answer.helped
        if answer.is_solution:
            counts.solutions.add(key)
    return counts
