"""Actions of people: messages, edits, reactions, commands, clicks and forms."""

import uuid
from collections.abc import Sequence
from typing import Any

from sandbox.block_kit import inputs
from sandbox.block_kit.rich_texts import rich_text
from sandbox.platform.events import Events
from sandbox.platform.messages import MessageStore
from sandbox.platform.payloads import file_object
from sandbox.platform.views import ViewStore
from sandbox.users import forms
from sandbox.users.interactions import Interactions
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import (
    Ack,
    Channel,
    Json,
    Message,
    Person,
    View,
)
from sandbox.workspace.workspace import Workspace, is_valid_ts


class UserActions:
    """Mixed into Sandbox. People and channels are given by their ids."""

    workspace: Workspace
    events: Events
    message_store: MessageStore
    views: ViewStore
    interactions: Interactions

    def say(
        self,
        person: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        broadcast: bool = False,
        files: Sequence[Json] = (),
        client_msg_id: str | None = None,
        ts: str | None = None,
        subtype: str | None = None,
    ) -> str:
        """Post `text`, as Slack transmits it; return its ts."""
        with self.workspace.lock:
            author, room = self._require_member(person, channel)
            if thread_ts is not None:
                self.workspace.message(room.id, thread_ts)
            if broadcast:
                subtype = "thread_broadcast"
            elif files:
                subtype = "file_share"
            blocks = [rich_text(text, uuid.uuid4().hex[:5])] if text else []
            return self.message_store.post(
                room,
                author.id,
                text,
                ts=ts,
                thread_ts=thread_ts,
                subtype=subtype,
                files=[file_object(self.workspace, author, file) for file in files],
                client_msg_id=client_msg_id or str(uuid.uuid4()),
                blocks=blocks,
                bot_id=self._bot_id_of(author),
            ).ts

    def _bot_id_of(self, author: Person) -> str | None:
        # Another app's bot: the app under test sees a bot_id that is not its own.
        return "B" + author.id[1:] if author.is_bot else None

    def _require_member(self, person: str, channel: str) -> tuple[Person, Channel]:
        member, room = self.workspace.person(person), self.workspace.channel(channel)
        if member.deleted:
            raise PermissionError(f"{member.name} is deactivated")
        if member.id not in room.members:
            raise PermissionError(f"{member.name} is not in {room.name}")
        if room.is_archived:
            raise PermissionError(f"{room.name} is archived")
        return member, room

    def _own_message(self, person: str, channel: str, ts: str) -> Message:
        message = self.workspace.message(channel, ts)
        if message.user != person or message.bot_id == self.workspace.bot_id:
            raise PermissionError("you can only change your own messages")
        return message

    def edit(self, person: str, channel: str, ts: str, text: str) -> None:
        with self.workspace.lock:
            self._require_member(person, channel)
            message = self._own_message(person, channel, ts)
            blocks = [rich_text(text, uuid.uuid4().hex[:5])]
            self.message_store.update(message, text=text, blocks=blocks, by_person=True)

    def delete(self, person: str, channel: str, ts: str) -> None:
        """Delete one's own message; an admin may delete any message."""
        with self.workspace.lock:
            member, room = self._require_member(person, channel)
            if member.is_admin or member.is_owner:
                message = self.workspace.message(room.id, ts)
            else:
                message = self._own_message(person, channel, ts)
            self.message_store.delete(message)

    def unfurl(self, channel: str, ts: str) -> None:
        """Send a `message_changed` with the same text, as an unfurl causes."""
        with self.workspace.lock:
            message = self.workspace.message(channel, ts)
            edited = message.edited
            self.message_store.update(message, text=message.text, by_person=True)
            message.edited = edited

    def react(
        self,
        person: str,
        channel: str,
        ts: str,
        emoji: str,
        *,
        event_ts: str | None = None,
    ) -> None:
        with self.workspace.lock:
            member, room = self._require_member(person, channel)
            message = self.workspace.message(room.id, ts)
            self.message_store.add_reaction(member.id, message, emoji, event_ts)

    def unreact(
        self,
        person: str,
        channel: str,
        ts: str,
        emoji: str,
        *,
        event_ts: str | None = None,
    ) -> None:
        with self.workspace.lock:
            member, room = self._require_member(person, channel)
            message = self.workspace.message(room.id, ts)
            self.message_store.remove_reaction(member.id, message, emoji, event_ts)

    def read(self, person: str, channel: str, ts: str) -> None:
        """Mark the channel as read up to `ts`."""
        with self.workspace.lock:
            if not is_valid_ts(ts):
                raise ValueError(f"not a time stamp: {ts!r}")
            key = self.workspace.person(person).id, self.workspace.channel(channel).id
            self.workspace.read_marks[key] = ts
            self.workspace.notify("read", channel=channel, person=person)

    # Commands, shortcuts and clicks return after the app's acknowledgement.

    def command(self, person: str, channel: str, command: str, text: str = "") -> Ack:
        room = self.workspace.channel(channel)
        member = self.workspace.person(person)
        if not room.is_im or member.id not in room.members:
            self._require_member(person, room.id)
        return self.interactions.command(member, room, command, text)

    def shortcut(self, person: str, callback_id: str) -> Ack:
        return self.interactions.shortcut(self.workspace.person(person), callback_id)

    def message_shortcut(
        self, person: str, callback_id: str, channel: str, ts: str
    ) -> Ack:
        member, room = self._require_member(person, channel)
        message = self.workspace.message(room.id, ts)
        return self.interactions.message_shortcut(member, callback_id, message)

    def click(
        self,
        person: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        value: str | None = None,
        option: Any = None,
        block_id: str | None = None,
    ) -> Ack:
        """Use a button, menu or select in a message; `option` is the choice."""
        viewer = self.workspace.person(person)
        with self.workspace.lock:
            message = self._visible_message(viewer, channel, ts)
            element = inputs.find_element(message.blocks, action_id, value, block_id)
        return self.interactions.click(viewer, message, element, option)

    def _visible_message(self, viewer: Person, channel: str, ts: str) -> Message:
        for message in self.workspace.ephemerals.get(viewer.id, []):
            if message.ts == ts:
                return message
        room = self.workspace.channel(channel)
        if viewer.id not in room.members:
            raise PermissionError(f"{viewer.name} is not in {room.name}")
        return self.workspace.message(room.id, ts)

    def click_view(
        self,
        person: str,
        view_id: str,
        action_id: str,
        *,
        value: Any = None,
        option: Any = None,
        block_id: str | None = None,
        values: dict[str, Any] | None = None,
    ) -> Ack:
        """Use an element in a modal or the Home tab.

        `option`, or `value`, is the choice. `values` fill in the rest of the form
        before, as in `submit`.
        """
        viewer, view = self.workspace.person(person), self._open_view(person, view_id)
        with self.workspace.lock:
            forms.fill_in(view, values or {})
        element = inputs.find_element(view.body["blocks"], action_id, value, block_id)
        choice = value if option is None else option
        return self.interactions.click_view(viewer, view, element, choice)

    def _open_view(self, person: str, view_id: str) -> View:
        try:
            view = self.views.by_id(view_id)
        except SlackError:
            raise LookupError("that form or page is closed") from None
        if view.person != person:
            raise PermissionError("that view is open for someone else")
        return view

    def submit(self, person: str, view_id: str, values: dict[str, Any]) -> Ack:
        """Submit a form.

        `values` are by block_id or action_id; others stay as they are.
        """
        view = self._open_view(person, view_id)
        return self.interactions.submit(self.workspace.person(person), view, values)

    def close_view(self, person: str, view_id: str, *, clear: bool = False) -> None:
        view = self._open_view(person, view_id)
        self.interactions.close_view(self.workspace.person(person), view, clear=clear)

    def open_home(self, person: str, tab: str = "home") -> None:
        with self.workspace.lock:
            room = self.workspace.im(self.workspace.person(person).id)
            self.events.emit_home_opened(
                room, person, tab, self.workspace.homes.get(person)
            )
