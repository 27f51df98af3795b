"""Slack's events, filtered by the app's subscriptions and scopes."""

import secrets
from collections.abc import Callable
from typing import Any

from sandbox.platform import payloads
from sandbox.workspace.records import Channel, Json, Message, Person, View
from sandbox.workspace.workspace import SLACKBOT, Workspace, ts_micros

# Sent for each public channel, even if the app is not a member.
_SENT_TO_NON_MEMBERS = {
    "channel_created",
    "channel_archive",
    "channel_unarchive",
    "channel_rename",
    "channel_deleted",
    "channel_id_changed",
    "channel_shared",
    "channel_unshared",
}
_SCOPES = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "app_mention": "app_mentions:read",
    "user_change": "users:read",
    "team_join": "users:read",
}
_MESSAGE_EVENTS = {
    "channel": "channels",
    "group": "groups",
    "im": "im",
    "mpim": "mpim",
}


def _required_scope(kind: str, room: Channel | None) -> str | None:
    if kind in _SCOPES:
        return _SCOPES[kind]
    if kind.startswith("group_"):
        return "groups:read"
    if kind.startswith("member_"):
        return "groups:read" if room and room.is_private else "channels:read"
    return "channels:read" if kind.startswith("channel_") else None


class Events:
    def __init__(
        self, workspace: Workspace, enqueue: Callable[[Json, str], None]
    ) -> None:
        self._workspace = workspace
        self._enqueue = enqueue
        self.verification_token = secrets.token_urlsafe(18)

    def envelope(self, event: Json) -> Json:
        workspace = self._workspace
        return {
            "token": self.verification_token,
            "team_id": workspace.team_id,
            "context_team_id": workspace.team_id,
            "context_enterprise_id": workspace.enterprise_id,
            "api_app_id": workspace.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": "Ev" + secrets.token_hex(5).upper(),
            "event_time": int(workspace.now()),
            "authorizations": [
                {
                    "enterprise_id": workspace.enterprise_id,
                    "team_id": workspace.team_id,
                    "user_id": workspace.bot_user_id,
                    "is_bot": True,
                    "is_enterprise_install": workspace.is_org_install,
                }
            ],
            "is_ext_shared_channel": self._is_ext_shared(event),
            "event_context": secrets.token_urlsafe(24),
        }

    def _is_ext_shared(self, event: Json) -> bool:
        channel = event.get("channel") or event.get("item", {}).get("channel")
        room = self._workspace.channels.get(channel) if type(channel) is str else None
        return bool(room and room.is_ext_shared)

    def emit(self, event: Json, room: Channel | None = None) -> bool:
        """Send `event` if the manifest subscribes to it and the app may see it."""
        workspace = self._workspace
        name = event["type"]
        if name == "message" and room:
            name = f"message.{_MESSAGE_EVENTS[room.kind]}"
        needed = _required_scope(name, room)
        if name not in workspace.manifest.events:
            return False
        if needed and needed not in workspace.scopes:
            return False
        if (
            room
            and not workspace.has_bot(room)
            and (room.is_private or event["type"] not in _SENT_TO_NON_MEMBERS)
        ):
            return False
        self.send(event, room.id if room else "")
        return True

    def send(self, event: Json, queue_name: str = "") -> None:
        self._enqueue(self.envelope(event), queue_name)

    # Messages

    def _emit_in_channel(self, room: Channel, event: Json) -> None:
        self.emit(event | {"channel": room.id, "channel_type": room.kind}, room)

    def emit_message(self, room: Channel, message: Message) -> None:
        message_json = payloads.message(self._workspace, message, with_metadata=True)
        self._emit_in_channel(room, message_json | {"event_ts": message.ts})
        mention = f"<@{self._workspace.bot_user_id}"
        if mention in message.text and message.user != self._workspace.bot_user_id:
            event = message_json | {"type": "app_mention", "channel": room.id}
            self.emit(event | {"event_ts": message.ts}, room)

    def emit_message_changed(
        self, room: Channel, message: Message, before: Json
    ) -> None:
        """Send a change; Slack sends it for a new tombstone, too."""
        ts = self._workspace.next_ts()
        self._emit_in_channel(
            room,
            {
                "type": "message",
                "subtype": "message_changed",
                "message": payloads.message(
                    self._workspace, message, with_metadata=True
                ),
                "previous_message": before,
                "hidden": True,
                "ts": ts,
                "event_ts": ts,
            },
        )

    def emit_message_deleted(self, room: Channel, ts: str, before: Json) -> None:
        now = self._workspace.next_ts()
        self._emit_in_channel(
            room,
            {
                "type": "message",
                "subtype": "message_deleted",
                "previous_message": before,
                "hidden": True,
                "deleted_ts": ts,
                "ts": now,
                "event_ts": now,
            },
        )

    def emit_reaction(
        self,
        kind: str,
        person: str,
        message: Message,
        emoji: str,
        event_ts: str | None = None,
    ) -> None:
        room = self._workspace.channels[message.channel]
        event: Json = {
            "type": kind,
            "user": person,
            "reaction": emoji,
            "item": {"type": "message", "channel": room.id, "ts": message.ts},
            "event_ts": self._workspace.next_ts(event_ts),
        }
        # Some messages have no author in the workspace.
        if message.user not in ("", SLACKBOT):
            event["item_user"] = message.user
        self.emit(event, room)

    # Channels and people

    def emit_channel_event(self, kind: str, room: Channel, **more: Any) -> None:
        """Send a `channel_…` event, or its `group_…` twin for a private channel."""
        prefix = "group" if room.is_private else "channel"
        event: Json = {"type": f"{prefix}_{kind}", "channel": room.id}
        event |= {"event_ts": self._workspace.next_ts(), **more}
        self.emit(event, room)

    def emit_channel_rename(self, room: Channel) -> None:
        self.emit_channel_event(
            "rename",
            room,
            channel={
                "id": room.id,
                "name": room.name,
                "name_normalized": room.name,
                "created": room.created,
                "is_channel": not room.is_private,
                "is_mpim": False,
            },
        )

    def emit_member_joined(
        self, room: Channel, person: str, inviter: str | None
    ) -> None:
        event = self._membership("member_joined_channel", room, person)
        if inviter:
            event["inviter"] = inviter
        self.emit(event, room)

    def emit_member_left(self, room: Channel, person: str) -> None:
        self.emit(self._membership("member_left_channel", room, person), room)

    def _membership(self, kind: str, room: Channel, person: str) -> Json:
        return {
            "type": kind,
            "user": person,
            "channel": room.id,
            "channel_type": "G" if room.is_private else "C",
            "team": self._workspace.team_id,
            "event_ts": self._workspace.next_ts(),
        }

    def emit_bot_left(self, room: Channel, actor: str) -> None:
        kind = "group_left" if room.is_private else "channel_left"
        if kind not in self._workspace.manifest.events:
            return
        ts = self._workspace.next_ts()
        event = {"type": kind, "channel": room.id, "actor_id": actor, "event_ts": ts}
        self.send(event, room.id)

    def emit_user_event(self, kind: str, person: Person) -> None:
        ts = self._workspace.next_ts()
        self.emit(
            {
                "type": kind,
                "user": payloads.user(self._workspace, person),
                "cache_ts": ts_micros(ts) // 1_000_000,
                "event_ts": ts,
            }
        )

    def emit_home_opened(
        self, room: Channel, person: str, tab: str, home: View | None
    ) -> None:
        event: Json = {
            "type": "app_home_opened",
            "user": person,
            "channel": room.id,
            "tab": tab,
            "event_ts": self._workspace.next_ts(),
        }
        if home and tab == "home":
            event["view"] = payloads.view(self._workspace, home)
        self.emit(event)
