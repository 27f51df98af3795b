"""What people do: say, edit, react, type commands, click, fill in."""

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
    """Mixed into Sandbox: people and channels are given by their ids."""

    workspace: Workspace
    events: Events
    message_store: MessageStore
    views: ViewStore
    interactions: Interactions

    def say(  # As many as Slack's composer.
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
        """Says `text`, as Slack transmits it; answers its ts."""
        with self.workspace.lock:
            who, room = self._require_member(person, channel)
            if thread_ts is not None:
                self.workspace.message(room.id, thread_ts)
            if broadcast:
                subtype = "thread_broadcast"
            elif files:
                subtype = "file_share"
            blocks = [rich_text(text, uuid.uuid4().hex[:5])] if text else []
            return self.message_store.post(
                room,
                who.id,
                text,
                ts=ts,
                thread_ts=thread_ts,
                subtype=subtype,
                files=[file_object(self.workspace, who, file) for file in files],
                client_msg_id=client_msg_id or str(uuid.uuid4()),
                blocks=blocks,
                bot_id=self._bot_id_of(who),
            ).ts

    def _bot_id_of(self, author: Person) -> str | None:
        # Another app's bot: the app under test sees a bot_id that is not its own.
        return "B" + author.id[1:] if author.is_bot else None

    def _require_member(self, person: str, channel: str) -> tuple[Person, Channel]:
        who, room = self.workspace.person(person), self.workspace.channel(channel)
        if who.deleted:
            raise PermissionError(f"{who.name} is deactivated")
        if who.id not in room.members:
            raise PermissionError(f"{who.name} is not in {room.name}")
        if room.is_archived:
            raise PermissionError(f"{room.name} is archived")
        return who, room

    def _own_message(self, person: str, channel: str, ts: str) -> Message:
        message = self.workspace.message(channel, ts)
        if message.user != person or message.bot_id == self.workspace.bot_id:
            raise PermissionError("only one's own messages can be changed")
        return message

    def edit(self, person: str, channel: str, ts: str, text: str) -> None:
        with self.workspace.lock:
            self._require_member(person, channel)
            message = self._own_message(person, channel, ts)
            blocks = [rich_text(text, uuid.uuid4().hex[:5])]
            self.message_store.update(message, text=text, blocks=blocks, by_person=True)

    def delete(self, person: str, channel: str, ts: str) -> None:
        """One's own message; an admin may delete anybody's."""
        with self.workspace.lock:
            who, room = self._require_member(person, channel)
            if who.is_admin or who.is_owner:
                message = self.workspace.message(room.id, ts)
            else:
                message = self._own_message(person, channel, ts)
            self.message_store.delete(message)

    def unfurl(self, channel: str, ts: str) -> None:
        """A `message_changed` with the same text, as an unfurl causes."""
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
            who, room = self._require_member(person, channel)
            message = self.workspace.message(room.id, ts)
            self.message_store.add_reaction(who.id, message, emoji, event_ts)

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
            who, room = self._require_member(person, channel)
            message = self.workspace.message(room.id, ts)
            self.message_store.remove_reaction(who.id, message, emoji, event_ts)

    def read(self, person: str, channel: str, ts: str) -> None:
        """Marks the channel as read up to `ts`."""
        with self.workspace.lock:
            if not is_valid_ts(ts):
                raise ValueError(f"not a time stamp: {ts!r}")
            key = self.workspace.person(person).id, self.workspace.channel(channel).id
            self.workspace.read_marks[key] = ts
            self.workspace.notify("read", channel=channel, person=person)

    # Commands, shortcuts and clicks return after the app's acknowledgement.

    def command(self, person: str, channel: str, command: str, text: str = "") -> Ack:
        room = self.workspace.channel(channel)
        who = self.workspace.person(person)
        if not room.is_im or who.id not in room.members:
            self._require_member(person, room.id)
        return self.interactions.command(who, room, command, text)

    def shortcut(self, person: str, callback_id: str) -> Ack:
        return self.interactions.shortcut(self.workspace.person(person), callback_id)

    def message_shortcut(
        self, person: str, callback_id: str, channel: str, ts: str
    ) -> Ack:
        who, room = self._require_member(person, channel)
        message = self.workspace.message(room.id, ts)
        return self.interactions.message_shortcut(who, callback_id, message)

    def click(  # Where, what and which.
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
        """A button, menu or select in a message; `option` is what is chosen there."""
        who = self.workspace.person(person)
        with self.workspace.lock:
            message = self._visible_message(who, channel, ts)
            found = inputs.find_element(message.blocks, action_id, value, block_id)
        return self.interactions.click(who, message, found, option)

    def _visible_message(self, viewer: Person, channel: str, ts: str) -> Message:
        for message in self.workspace.ephemerals.get(viewer.id, []):
            if message.ts == ts:
                return message
        room = self.workspace.channel(channel)
        if viewer.id not in room.members:
            raise PermissionError(f"{viewer.name} is not in {room.name}")
        return self.workspace.message(room.id, ts)

    def click_view(  # Where, what and which.
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
        """In a modal or the Home tab; `option`, or `value`, is what is chosen.

        `values` are what the rest of the form holds by then, as in `submit`.
        """
        who, view = self.workspace.person(person), self._open_view(person, view_id)
        with self.workspace.lock:
            forms.fill_in(view, values or {})
        found = inputs.find_element(view.body["blocks"], action_id, value, block_id)
        choice = value if option is None else option
        return self.interactions.click_view(who, view, found, choice)

    def _open_view(self, person: str, view_id: str) -> View:
        try:
            view = self.views.by_id(view_id)
        except SlackError:
            raise LookupError(f"no view {view_id} is open") from None
        if view.person != person:
            raise PermissionError("that view is open before somebody else")
        return view

    def submit(self, person: str, view_id: str, values: dict[str, Any]) -> Ack:
        """`values` by block_id or action_id; what is not named stays as it is."""
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
