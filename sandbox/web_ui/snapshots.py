"""Snapshots: the workspace as one person sees it, in JSON for a page."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from sandbox.platform import payloads
from sandbox.workspace.clock import TravelClock
from sandbox.workspace.records import Channel, Json, Message
from sandbox.workspace.workspace import (
    SLACKBOT,
    Workspace,
    is_valid_ts,
    ts_micros,
)

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

_MAX_MESSAGES = 1000


def _can_see(room: Channel, viewer: str | None) -> bool:
    return viewer is None or viewer in room.members or not room.is_private


def state(sandbox: "Sandbox", viewer: str | None) -> Json:
    workspace = sandbox.workspace
    manifest = workspace.manifest
    viewer = viewer or None
    with workspace.lock:
        if viewer:
            workspace.person(viewer)
        return {
            "team": {"id": workspace.team_id, "name": workspace.team_name},
            "now": workspace.clock().isoformat(),
            "can_travel": isinstance(workspace.clock, TravelClock),
            "acting": viewer,
            "bot": workspace.bot_user_id,
            "app": {
                "name": manifest.name,
                "home_tab": manifest.home_tab,
                "messages_tab": manifest.messages_tab,
            },
            "commands": [asdict(command) for command in manifest.commands.values()],
            "shortcuts": [asdict(shortcut) for shortcut in manifest.shortcuts.values()],
            "people": [
                asdict(person)
                for person in workspace.people.values()
                if person.id != SLACKBOT
            ],
            "channels": [
                _channel_row(workspace, room, viewer)
                for room in workspace.channels.values()
                if _can_see(room, viewer)
            ],
            "view": sandbox.view(viewer) if viewer else None,
            "home": sandbox.home(viewer) if viewer else None,
            "hints": sandbox.hints,
            "sockets": len(sandbox.sockets.connections),
        }


def _channel_row(workspace: Workspace, room: Channel, viewer: str | None) -> Json:
    mark = workspace.read_marks.get((viewer or "", room.id), "0.0")
    unread = [
        m
        for m in room.messages.values()
        if m.user != viewer and ts_micros(m.ts) > ts_micros(mark)
    ]
    return {
        **payloads.channel(workspace, room),
        "name": room.name,
        "is_private": room.is_private,
        "members": list(room.members),
        "joined": viewer in room.members,
        "has_bot": workspace.has_bot(room),
        "messages": len(room.messages),
        "unread": len(unread),
        "latest": max(room.messages, key=ts_micros, default=None),
    }


def _message(workspace: Workspace, message: Message) -> Json:
    return payloads.message(workspace, message) | {
        "is_ephemeral": message.is_ephemeral,
        "channel": message.channel,
        "chosen": message.selections,
    }


def _ephemerals(
    workspace: Workspace, room: Channel, viewer: str | None
) -> list[Message]:
    mine = workspace.ephemerals.get(viewer or "", [])
    return [m for m in mine if m.channel == room.id]


def _in_order(messages: list[Message]) -> list[Message]:
    return sorted(messages, key=lambda m: ts_micros(m.ts))


def _visible_channel(
    workspace: Workspace, channel_id: str, viewer: str | None
) -> Channel:
    room = workspace.channel(channel_id)
    if not _can_see(room, viewer or None):
        raise PermissionError("only members can see a private channel")
    return room


def channel(
    sandbox: "Sandbox",
    channel_id: str,
    viewer: str | None,
    *,
    before: str | None,
    limit: int,
    replies: bool,
) -> Json:
    """Return the newest messages in order of time; `more` if there are older ones."""
    workspace = sandbox.workspace
    if before is not None and not is_valid_ts(before):
        raise ValueError("before is not a time stamp")
    with workspace.lock:
        room = _visible_channel(workspace, channel_id, viewer)
        tops = [m for m in room.messages.values() if m.is_parent or m.is_broadcast]
        tops += [m for m in _ephemerals(workspace, room, viewer) if m.is_parent]
        if before is not None:
            tops = [m for m in tops if ts_micros(m.ts) < ts_micros(before)]
        page = _in_order(tops)[-max(1, min(limit, _MAX_MESSAGES)) :]
        snapshot: Json = {
            "messages": [_message(workspace, m) for m in page],
            "more": len(page) < len(tops),
        }
        if replies:
            snapshot["replies"] = {
                m.ts: [_message(workspace, r) for r in workspace.replies(room, m.ts)]
                for m in page
                if m.ts in room.threads
            }
        return snapshot


def thread(sandbox: "Sandbox", channel_id: str, ts: str, viewer: str | None) -> Json:
    workspace = sandbox.workspace
    with workspace.lock:
        room = _visible_channel(workspace, channel_id, viewer)
        parent = workspace.message(room.id, ts)
        replies = workspace.replies(room, ts)
        replies += [
            m for m in _ephemerals(workspace, room, viewer) if m.thread_ts == ts
        ]
        return {
            "messages": [_message(workspace, m) for m in [parent, *_in_order(replies)]]
        }
