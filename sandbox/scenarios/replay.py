"""Replay a Slack export: live in a sandbox, or as a list of event envelopes."""

import hashlib
import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from threading import Event
from typing import Any, Final

from sandbox.sandbox import Sandbox
from sandbox.scenarios.exports import Export, ExportChannel, ExportError, reactions
from sandbox.workspace.records import Channel, Json, Message, Person
from sandbox.workspace.workspace import Workspace, ts_micros

__all__ = ["Export", "ExportError", "ReplayCounts", "envelopes", "replay"]

_MICROS_BETWEEN_REACTIONS: Final = 1_000
_BATCH_SIZE: Final = 200
_COPIED_FIELDS: Final = (
    "user",
    "text",
    "subtype",
    "bot_id",
    "client_msg_id",
    "thread_ts",
    "parent_user_id",
    "files",
    "attachments",
    "inviter",
    "username",
)


def _ts(micros: int) -> str:
    whole, part = divmod(micros, 1_000_000)
    return f"{whole}.{part:06d}"


def _in_order(
    export: Export, channels: Sequence[str] | None
) -> Iterator[tuple[ExportChannel, Json]]:
    """Yield the messages of all channels in order of time."""
    rows = [
        zip(repeat(room), export.messages(room))
        for room in export.select_channels(channels)
    ]
    return heapq.merge(*rows, key=lambda row: ts_micros(row[1]["ts"]))


def _timed_reactions(message: Json) -> Iterator[tuple[str, str, str]]:
    """Yield (user, emoji, event_ts); exports have no times, so shortly after."""
    start = ts_micros(message["ts"])
    for number, (user, emoji) in enumerate(reactions(message), 1):
        yield user, emoji, _ts(start + number * _MICROS_BETWEEN_REACTIONS)


def _author(message: Json) -> str:
    return str(message.get("user") or "")


def _is_tombstone(message: Json) -> bool:
    return message.get("subtype") == "tombstone"


# Event envelopes


@dataclass(frozen=True, slots=True)
class _EnvelopeFactory:
    team_id: str
    app_id: str
    bot_user_id: str

    def __call__(self, event: Json) -> Json:
        known = f"{self.team_id}{sorted(event.items(), key=str)}"
        digest = hashlib.sha256(known.encode()).hexdigest()
        return {
            "token": "replayed",
            "team_id": self.team_id,
            "context_team_id": self.team_id,
            "context_enterprise_id": None,
            "api_app_id": self.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{digest[:12].upper()}",
            "event_time": ts_micros(event["event_ts"]) // 1_000_000,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self.team_id,
                    "user_id": self.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": digest[12:36],
        }


def envelopes(
    export: Export | str | Path,
    channels: Sequence[str] | None = None,
    *,
    team_id: str,
    app_id: str = "A0REPLAY",
    bot_user_id: str = "U0REPLAY",
) -> Iterator[Json]:
    """Yield the events that Slack would have sent, in order, the same each time.

    An export lacks the texts of deleted messages, so tombstones send nothing.
    """
    if not isinstance(export, Export):
        with Export(export) as opened:
            yield from envelopes(
                opened,
                channels,
                team_id=team_id,
                app_id=app_id,
                bot_user_id=bot_user_id,
            )
        return
    seal = _EnvelopeFactory(team_id, app_id, bot_user_id)
    for room, message in _in_order(export, channels):
        if not _is_tombstone(message):
            yield seal(_message_event(room, message, team_id))
        for user, emoji, event_ts in _timed_reactions(message):
            yield seal(_reaction_event(room, message, user, emoji, event_ts))


def _message_event(channel: ExportChannel, message: Json, team_id: str) -> Json:
    event: Json = {"type": "message", "ts": message["ts"], "team": team_id}
    event |= {name: message[name] for name in _COPIED_FIELDS if message.get(name)}
    return event | {
        "text": message.get("text") or "",
        "channel": channel.id,
        "channel_type": "group" if channel.is_private else "channel",
        "event_ts": message["ts"],
    }


def _reaction_event(
    channel: ExportChannel, message: Json, user: str, emoji: str, event_ts: str
) -> Json:
    event: Json = {
        "type": "reaction_added",
        "user": user,
        "reaction": emoji,
        "item": {"type": "message", "channel": channel.id, "ts": message["ts"]},
        "event_ts": event_ts,
    }
    if author := _author(message):
        event["item_user"] = author
    return event


# Live


@dataclass(slots=True)
class ReplayCounts:
    messages: int = 0
    replies: int = 0
    reactions: int = 0


def replay(
    sandbox: Sandbox,
    export: Export | str | Path,
    channels: Sequence[str] | None = None,
    *,
    speed: float | None = None,
    max_pause: float = 2.0,
    stop: Event | None = None,
    sleep: Callable[[float], object] = time.sleep,
    on_message: Callable[[ReplayCounts], None] = lambda _played: None,
) -> ReplayCounts:
    """Post all messages again in the sandbox, with their original timestamps.

    With `speed`, pauses are the original ones divided by it, up to `max_pause` seconds;
    without, messages are posted as fast as the app handles them. Existing messages are
    skipped, so an interrupted replay can go on.
    """
    if not isinstance(export, Export):
        with Export(export) as opened:
            return replay(
                sandbox,
                opened,
                channels,
                speed=speed,
                max_pause=max_pause,
                stop=stop,
                sleep=sleep,
                on_message=on_message,
            )
    played = ReplayCounts()
    people = {str(raw.get("id")): raw for raw in export.people}
    cast = _ReplayRecords(sandbox.workspace, people)
    with sandbox.workspace.lock:
        stage = {
            room.id: cast.ensure_channel(room)
            for room in export.select_channels(channels)
        }
    before: int | None = None
    for number, (room, message) in enumerate(_in_order(export, channels), 1):
        if stop is not None and stop.is_set():
            break
        now = ts_micros(message["ts"])
        if speed and before is not None:
            sleep(min((now - before) / 1_000_000 / speed, max_pause))
        before = now
        with sandbox.workspace.lock:
            _replay_message(sandbox, cast, stage[room.id], message, played)
        on_message(played)
        if speed is None and number % _BATCH_SIZE == 0:
            sandbox.wait_for_deliveries(60)
    return played


def _replay_message(
    sandbox: Sandbox,
    records: "_ReplayRecords",
    room: Channel,
    raw: Json,
    counts: ReplayCounts,
) -> None:
    if raw["ts"] in room.messages:
        return
    thread = raw.get("thread_ts")
    author = _author(raw)
    records.ensure_member(room, author)
    fields: dict[str, Any] = {
        "thread_ts": thread if thread != raw["ts"] else None,
        "subtype": raw.get("subtype"),
        "client_msg_id": raw.get("client_msg_id"),
        "bot_id": raw.get("bot_id"),
        "files": list(raw.get("files") or ()),
        "attachments": list(raw.get("attachments") or ()),
        "inviter": raw.get("inviter"),
    }
    if _is_tombstone(raw):
        # It was deleted before the replay, so no event is sent for it.
        message = Message(raw["ts"], room.id, author, str(raw.get("text") or ""))
        message.subtype, message.deleted = "tombstone", True
        room.messages[message.ts] = message
        return
    message = sandbox.message_store.post(
        room, author, str(raw.get("text") or ""), ts=raw["ts"], **fields
    )
    counts.messages += 1
    counts.replies += not message.is_parent
    for user, emoji, event_ts in _timed_reactions(raw):
        records.ensure_member(room, user)
        sandbox.message_store.add_reaction(user, message, emoji, event_ts)
        counts.reactions += 1


@dataclass(frozen=True, slots=True)
class _ReplayRecords:
    """Add people and channels without events, as if they had always been there."""

    workspace: Workspace
    people: dict[str, Json]

    def ensure_person(self, person_id: str) -> None:
        if person_id in self.workspace.people:
            return
        raw = self.people.get(person_id, {})
        profile = raw.get("profile") or {}
        name = raw.get("name") or profile.get("display_name") or person_id.lower()
        real_name = profile.get("real_name") or raw.get("real_name") or name
        self.workspace.people[person_id] = Person(
            id=person_id,
            name=str(name),
            real_name=str(real_name),
            tz=raw.get("tz"),
            deleted=bool(raw.get("deleted")),
            is_bot=bool(raw.get("is_bot")),
            is_admin=bool(raw.get("is_admin")),
            is_owner=bool(raw.get("is_owner")),
            is_restricted=bool(raw.get("is_restricted")),
            is_ultra_restricted=bool(raw.get("is_ultra_restricted")),
        )

    def ensure_member(self, room: Channel, person_id: str) -> None:
        if person_id:
            self.ensure_person(person_id)
            if person_id not in room.members:
                room.members.append(person_id)

    def ensure_channel(self, exported: ExportChannel) -> Channel:
        workspace = self.workspace
        if exported.id in workspace.channels:
            return workspace.channels[exported.id]
        channel = workspace.channels[exported.id] = Channel(
            id=exported.id,
            name=exported.name,
            created=exported.created,
            creator=exported.creator or workspace.bot_user_id,
            is_private=exported.is_private,
        )
        for person_id in (*exported.members, workspace.bot_user_id):
            self.ensure_member(channel, person_id)
        workspace.notify("channel", channel=channel.id)
        return channel
