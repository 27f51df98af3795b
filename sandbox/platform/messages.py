"""Posting, updating and deleting messages, for people and the app alike."""

import copy
from typing import Any

from sandbox.block_kit import texts
from sandbox.block_kit.validate import add_defaults
from sandbox.platform import payloads
from sandbox.platform.events import Events
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Channel, Json, Message
from sandbox.workspace.workspace import SLACKBOT, Workspace

DELETED_TEXT = "This message was deleted."


class MessageStore:
    def __init__(self, workspace: Workspace, events: Events) -> None:
        self._workspace = workspace
        self._events = events

    def member_joined(self, room: Channel, person: str, inviter: str | None) -> None:
        """Send the event of a person who is in the channel now, and show it there."""
        self._events.emit_member_joined(room, person, inviter)
        if person != self._workspace.bot_user_id:
            text = f"<@{person}> has joined the channel"
            self.post(room, person, text, subtype="channel_join")
        self._workspace.notify("channel", channel=room.id)

    def member_left(self, room: Channel, person: str) -> None:
        """Take a person out of a channel, and send the event."""
        self._events.emit_member_left(room, person)
        room.members.remove(person)
        self._workspace.notify("channel", channel=room.id)

    def post(
        self,
        room: Channel,
        user: str,
        text: str,
        *,
        ts: str | None = None,
        link_names: bool = False,
        **fields: Any,
    ) -> Message:
        """Add a message and send its event; `fields` are those of Message."""
        workspace = self._workspace
        if ts in room.messages:
            raise ValueError(f"{ts} is taken in {room.id}")
        message = Message(
            ts=workspace.next_ts(ts), channel=room.id, user=user, text=text, **fields
        )
        message.blocks = add_defaults(copy.deepcopy(message.blocks))
        message.mentions = texts.mentions(
            workspace, text, message.blocks, message.attachments, link_names=link_names
        )
        room.messages[message.ts] = message
        if message.thread_ts and not message.is_parent:
            root = room.messages.get(message.thread_ts)
            message.parent_user_id = root.user if root else None
            room.threads.setdefault(message.thread_ts, []).append(message.ts)
        self._events.emit_message(room, message)
        workspace.notify("message", channel=room.id, ts=message.ts)
        return message

    def post_ephemeral(
        self, room: Channel, to: str, text: str, **fields: Any
    ) -> Message:
        workspace = self._workspace
        message = Message(
            ts=workspace.next_ts(),
            channel=room.id,
            user=workspace.bot_user_id,
            bot_id=workspace.bot_id,
            text=text,
            is_ephemeral=True,
            visible_to=to,
            **fields,
        )
        message.blocks = add_defaults(copy.deepcopy(message.blocks))
        message.mentions = texts.mentions(workspace, text, message.blocks)
        workspace.ephemerals.setdefault(to, []).append(message)
        workspace.notify("ephemeral", channel=room.id, person=to)
        return message

    def update(
        self,
        message: Message,
        *,
        text: str,
        blocks: list[Json] | None = None,
        attachments: list[Json] | None = None,
        metadata: Json | None = None,
        by_person: bool = False,
    ) -> None:
        workspace = self._workspace
        room = workspace.channels[message.channel]
        before = payloads.message(workspace, message, with_metadata=True)
        message.text = text
        if blocks is not None:
            message.blocks = add_defaults(copy.deepcopy(blocks))
        if attachments is not None:
            message.attachments = attachments
        if metadata is not None:
            message.metadata = metadata or None
        message.edited = {"user": message.user, "ts": workspace.next_ts()}
        if not by_person:
            # An app's own update shows no "(edited)" but counts as one.
            message.selections.clear()
        message.mentions |= texts.mentions(
            workspace, message.text, message.blocks, message.attachments
        )
        self._events.emit_message_changed(room, message, before)
        workspace.notify("message", channel=room.id, ts=message.ts)

    def delete(self, message: Message) -> None:
        """Delete a message; a parent with replies stays as a tombstone, as in Slack."""
        workspace = self._workspace
        room = workspace.channels[message.channel]
        before = payloads.message(workspace, message, with_metadata=True)
        message.deleted = True
        if room.threads.get(message.ts):
            message.subtype = "tombstone"
            message.text, message.user, message.bot_id = DELETED_TEXT, SLACKBOT, None
            message.blocks, message.attachments, message.files = [], [], []
            message.metadata = message.client_msg_id = message.edited = None
            message.reactions.clear()
            self._events.emit_message_changed(room, message, before)
        else:
            self._drop(room, message)
            self._events.emit_message_deleted(room, message.ts, before)
        workspace.notify("message", channel=room.id, ts=message.ts)

    def _drop(self, room: Channel, message: Message) -> None:
        del room.messages[message.ts]
        if message.is_parent:
            room.deleted_parents.add(message.ts)
        if message.thread_ts and not message.is_parent:
            siblings = room.threads[message.thread_ts]
            siblings.remove(message.ts)
            root = room.messages.get(message.thread_ts)
            if not siblings and root and root.subtype == "tombstone":
                del room.messages[root.ts]
                room.deleted_parents.add(root.ts)

    def add_reaction(
        self, person: str, message: Message, emoji: str, event_ts: str | None = None
    ) -> None:
        users = message.reactions.setdefault(emoji, [])
        if person in users:
            raise SlackError("already_reacted")
        users.append(person)
        self._events.emit_reaction("reaction_added", person, message, emoji, event_ts)
        self._workspace.notify("message", channel=message.channel, ts=message.ts)

    def remove_reaction(
        self, person: str, message: Message, emoji: str, event_ts: str | None = None
    ) -> None:
        users = message.reactions.get(emoji, [])
        if person not in users:
            raise SlackError("no_reaction")
        users.remove(person)
        if not users:
            del message.reactions[emoji]
        self._events.emit_reaction("reaction_removed", person, message, emoji, event_ts)
        self._workspace.notify("message", channel=message.channel, ts=message.ts)
