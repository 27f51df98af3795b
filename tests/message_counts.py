"""Count asks, answers and marks: from an export's JSON, and in the bot's database.

The first half is the expectation, so it shares no code with the bot.
"""

import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Answer, Ask, Channel, MessageCount

# A message's key is its channel and its ts.
MessageKey = tuple[str, str]

_HELPFUL = ("+1", "thumbsup", "raised_hands", "heart", "pray", "bulb")


@dataclass
class ExportCounts:
    # The asker and the state.
    asks: dict[MessageKey, tuple[str, str]] = field(default_factory=dict)
    # The author.
    answers: dict[MessageKey, str] = field(default_factory=dict)
    # The number of people an answer helped.
    helpful: dict[MessageKey, int] = field(default_factory=dict)
    # Answers that solved their ask.
    solutions: set[MessageKey] = field(default_factory=set)

    def totals(self) -> dict[str, int]:
        return {
            "asks": len(self.asks),
            "answers": len(self.answers),
            "helpful marks": sum(self.helpful.values()),
            "solved asks": sum(state == "solved" for _, state in self.asks.values()),
        }


def from_export(
    path: Path,
    channels: list[str] | None = None,
    *,
    is_ask: Callable[[str], bool] = lambda _text: True,
) -> ExportCounts:
    with zipfile.ZipFile(path) as export:
        users = json.loads(export.read("users.json"))
        rooms = json.loads(export.read("channels.json"))
        counts = ExportCounts()
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
    counts: ExportCounts,
    channel: str,
    messages: list[dict[str, Any]],
    users: list[dict[str, Any]],
    is_ask: Callable[[str], bool] = lambda _text: True,
) -> None:
    """Count the messages of one channel."""
    robots = _bots(users)
    bosses = {u["id"] for u in users if u.get("is_admin") or u.get("is_owner")}
    teams = [u["team_id"] for u in users if u.get("team_id")]
    ours = {None, "", max(teams, key=teams.count, default="")}
    # External members answer, but neither ask nor mark.
    mute = robots | {u["id"] for u in users if u.get("team_id") not in ours}

    human = {m["ts"]: m for m in messages if _is_human(m, robots)}
    heads = {
        ts: m
        for ts, m in human.items()
        if m.get("thread_ts") in {None, ts}
        and m["user"] not in mute
        and is_ask(m.get("text") or "")
    }
    for ts, head in heads.items():
        asker = head["user"]
        replies = {
            other: m
            for other, m in human.items()
            if other != ts and m.get("thread_ts") == ts and m["user"] != asker
        }
        solved = bool(_reactors(head, "white_check_mark") & {asker, *bosses} - mute)
        for reply_ts, reply in replies.items():
            key = (channel, reply_ts)
            author = reply["user"]
            counts.answers[key] = author
            ticked = _reactors(reply, "white_check_mark") - mute - {author}
            pleased = _reactors(reply, *_HELPFUL) - mute - {author}
            if ticked & {asker, *bosses}:
                solved = True
                counts.solutions.add(key)
            if helped := pleased | (ticked - {asker, *bosses}):
                counts.helpful[key] = len(helped)
        state = "solved" if solved else "answered" if replies else "open"
        counts.asks[channel, ts] = (asker, state)


def messages_from_export(path: Path) -> dict[tuple[str, date, str], int]:
    """Return the number of a person's messages, by channel id and day (UTC)."""
    with zipfile.ZipFile(path) as export:
        robots = _bots(json.loads(export.read("users.json")))
        counts: Counter[tuple[str, date, str]] = Counter()
        for room in json.loads(export.read("channels.json")):
            for name in export.namelist():
                if name.startswith(f"{room['name']}/"):
                    day = date.fromisoformat(name[-15:-5])
                    counts.update(
                        (room["id"], day, message["user"])
                        for message in json.loads(export.read(name))
                        if _is_human(message, robots)
                    )
        return dict(counts)


def _bots(users_json: list[dict[str, Any]]) -> set[str]:
    return {"USLACKBOT"} | {u["id"] for u in users_json if u.get("is_bot")}


def _is_human(message: dict[str, Any], bots: set[str]) -> bool:
    ordinary = message.get("subtype") in {
        None,
        "file_share",
        "me_message",
        "thread_broadcast",
    }
    written = ordinary and not message.get("bot_id")
    return written and message.get("user") not in {None, *bots}


def _reactors(message: dict[str, Any], *names: str) -> set[str]:
    return {
        user
        for reaction in message.get("reactions") or []
        if re.sub(r"::skin-tone-\d$", "", reaction["name"]) in names
        for user in reaction["users"]
    }


def from_database(session: Session) -> ExportCounts:
    """Return the bot's counts without deleted messages."""
    rooms = dict(session.execute(select(Channel.id, Channel.slack_id)).all())
    counts = ExportCounts()
    live = {}
    for ask in session.scalars(select(Ask).where(Ask.deleted_at.is_(None))):
        live[ask.id] = ask
        counts.asks[rooms[ask.channel_id], ask.ts or ""] = (ask.asker, ask.state)
    for answer in session.scalars(select(Answer).where(Answer.is_deleted.is_(False))):
        if answer.ask_id not in live:
            continue
        key = (rooms[answer.channel_id], answer.ts)
        counts.answers[key] = answer.author
        if answer.helpful_count:
            counts.helpful[key] = answer.helpful_count
        if answer.is_solution:
            counts.solutions.add(key)
    return counts


def messages_from_database(session: Session) -> dict[tuple[str, date, str], int]:
    """Return the number of each person's messages in the bot's database."""
    rows = session.execute(
        select(
            Channel.slack_id,
            MessageCount.day,
            MessageCount.member,
            MessageCount.messages,
        ).join(Channel, Channel.id == MessageCount.channel_id)
    )
    return {(room, day, member): messages for room, day, member, messages in rows}
