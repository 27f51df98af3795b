"""The workspace as one person sees it, in JSON for a page."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from sandbox import shapes
from sandbox.clock import TravelClock
from sandbox.records import Channel, Json, Message
from sandbox.workspace import SLACKBOT, Workspace, micros_of, valid_ts

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

_MOST = 1000


def _may_see(room: Channel, acting: str | None) -> bool:
    return acting is None or acting in room.members or not room.is_private


def state(sandbox: "Sandbox", acting: str | None) -> Json:
    workspace = sandbox.workspace
    manifest = workspace.manifest
    acting = acting or None
    with workspace.lock:
        if acting:
            workspace.person(acting)
        return {
            "team": {"id": workspace.team_id, "name": workspace.team_name},
            "now": workspace.clock().isoformat(),
            "can_travel": isinstance(workspace.clock, TravelClock),
            "acting": acting,
            "bot": workspace.bot_user_id,
            "app": {
                "name": manifest.name,
                "home_tab": manifest.home_tab,
                "messages_tab": manifest.messages_tab,
            },
            "commands": [asdict(command) for command in manifest.commands.values()],
            "shortcuts": [asdict(one) for one in manifest.shortcuts.values()],
            "people": [
                asdict(person)
                for person in workspace.people.values()
                if person.id != SLACKBOT
            ],
            "channels": [
                _row(workspace, room, acting)
                for room in workspace.channels.values()
                if _may_see(room, acting)
            ],
            "view": sandbox.view(acting) if acting else None,
            "home": sandbox.home(acting) if acting else None,
            "hints": sandbox.hints,
            "sockets": len(sandbox.sockets.connections),
        }


def _row(workspace: Workspace, room: Channel, acting: str | None) -> Json:
    mark = workspace.read_marks.get((acting or "", room.id), "0.0")
    unread = [
        m
        for m in room.messages.values()
        if m.user != acting and micros_of(m.ts) > micros_of(mark)
    ]
    return {
        **shapes.channel(workspace, room),
        "name": room.name,
        "is_private": room.is_private,
        "members": list(room.members),
        "joined": acting in room.members,
        "has_bot": workspace.has_bot(room),
        "messages": len(room.messages),
        "unread": len(unread),
        "latest": max(room.messages, key=micros_of, default=None),
    }


def _seen(workspace: Workspace, message: Message) -> Json:
    return shapes.message(workspace, message) | {
        "is_ephemeral": message.is_ephemeral,
        "channel": message.channel,
        "chosen": message.chosen,
    }


def _ephemerals(
    workspace: Workspace, room: Channel, acting: str | None
) -> list[Message]:
    mine = workspace.ephemerals.get(acting or "", [])
    return [m for m in mine if m.channel == room.id]


def _in_order(messages: list[Message]) -> list[Message]:
    return sorted(messages, key=lambda m: micros_of(m.ts))


def _room(workspace: Workspace, channel_id: str, acting: str | None) -> Channel:
    room = workspace.channel(channel_id)
    if not _may_see(room, acting or None):
        raise PermissionError("a private channel shows itself to its members")
    return room


def channel(  # Which, for whom, and which part of it.
    sandbox: "Sandbox",
    channel_id: str,
    acting: str | None,
    *,
    before: str | None,
    limit: int,
    replies: bool,
) -> Json:
    """The newest messages, oldest of them first; `more` if there are older ones."""
    workspace = sandbox.workspace
    if before is not None and not valid_ts(before):
        raise ValueError("before is not a time stamp")
    with workspace.lock:
        room = _room(workspace, channel_id, acting)
        tops = [m for m in room.messages.values() if m.is_parent or m.is_broadcast]
        tops += [m for m in _ephemerals(workspace, room, acting) if m.is_parent]
        if before is not None:
            tops = [m for m in tops if micros_of(m.ts) < micros_of(before)]
        shown = _in_order(tops)[-max(1, min(limit, _MOST)) :]
        answer: Json = {
            "messages": [_seen(workspace, m) for m in shown],
            "more": len(shown) < len(tops),
        }
        if replies:
            answer["replies"] = {
                m.ts: [_seen(workspace, r) for r in workspace.replies(room, m.ts)]
                for m in shown
                if m.ts in room.threads
            }
        return answer


def thread(sandbox: "Sandbox", channel_id: str, ts: str, acting: str | None) -> Json:
    workspace = sandbox.workspace
    with workspace.lock:
        room = _room(workspace, channel_id, acting)
        parent = workspace.message(room.id, ts)
        replies = workspace.replies(room, ts)
        replies += [
            m for m in _ephemerals(workspace, room, acting) if m.thread_ts == ts
        ]
        return {
            "messages": [_seen(workspace, m) for m in [parent, *_in_order(replies)]]
        }
