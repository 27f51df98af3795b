"""What people do: say, edit, react, type commands, click, fill in."""

import uuid
from collections.abc import Sequence
from typing import Any

from sandbox import forms, inputs
from sandbox.events import Events
from sandbox.gestures import Gestures
from sandbox.messages import Messages
from sandbox.records import Ack, Channel, Json, Message, Person, View
from sandbox.refusals import SlackError
from sandbox.rich_texts import rich_text
from sandbox.views import Views
from sandbox.workspace import Workspace, valid_ts


class Deeds:
    """Mixed into Sandbox: people and channels are given by their ids."""

    workspace: Workspace
    events: Events
    messages_desk: Messages
    views: Views
    gestures: Gestures

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
            who, room = self._inside(person, channel)
            if thread_ts is not None:
                self.workspace.message(room.id, thread_ts)
            if broadcast:
                subtype = "thread_broadcast"
            elif files:
                subtype = "file_share"
            blocks = [rich_text(text, uuid.uuid4().hex[:5])] if text else []
            return self.messages_desk.post(
                room,
                who.id,
                text,
                ts=ts,
                thread_ts=thread_ts,
                subtype=subtype,
                files=[file_shape(self.workspace, who, file) for file in files],
                client_msg_id=client_msg_id or str(uuid.uuid4()),
                blocks=blocks,
                bot_id=self._bot_of(who),
            ).ts

    def _bot_of(self, who: Person) -> str | None:
        # Another app's bot: the app under test sees a bot_id that is not its own.
        return "B" + who.id[1:] if who.is_bot else None

    def _inside(self, person: str, channel: str) -> tuple[Person, Channel]:
        who, room = self.workspace.person(person), self.workspace.channel(channel)
        if who.deleted:
            raise PermissionError(f"{who.name} is deactivated")
        if who.id not in room.members:
            raise PermissionError(f"{who.name} is not in {room.name}")
        if room.is_archived:
            raise PermissionError(f"{room.name} is archived")
        return who, room

    def _own(self, person: str, channel: str, ts: str) -> Message:
        message = self.workspace.message(channel, ts)
        if message.user != person or message.bot_id == self.workspace.bot_id:
            raise PermissionError("only one's own messages can be changed")
        return message

    def edit(self, person: str, channel: str, ts: str, text: str) -> None:
        with self.workspace.lock:
            self._inside(person, channel)
            message = self._own(person, channel, ts)
            blocks = [rich_text(text, uuid.uuid4().hex[:5])]
            self.messages_desk.change(message, text=text, blocks=blocks, by_person=True)

    def delete(self, person: str, channel: str, ts: str) -> None:
        """One's own message; an admin may delete anybody's."""
        with self.workspace.lock:
            who, room = self._inside(person, channel)
            if who.is_admin or who.is_owner:
                message = self.workspace.message(room.id, ts)
            else:
                message = self._own(person, channel, ts)
            self.messages_desk.remove(message)

    def redraw(self, channel: str, ts: str) -> None:
        """A `message_changed` with the same text, as an unfurl causes."""
        with self.workspace.lock:
            message = self.workspace.message(channel, ts)
            edited = message.edited
            self.messages_desk.change(message, text=message.text, by_person=True)
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
            who, room = self._inside(person, channel)
            message = self.workspace.message(room.id, ts)
            self.messages_desk.react(who.id, message, emoji, event_ts)

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
            who, room = self._inside(person, channel)
            message = self.workspace.message(room.id, ts)
            self.messages_desk.unreact(who.id, message, emoji, event_ts)

    def read(self, person: str, channel: str, ts: str) -> None:
        """Marks the channel as read up to `ts`."""
        with self.workspace.lock:
            if not valid_ts(ts):
                raise ValueError(f"not a time stamp: {ts!r}")
            key = self.workspace.person(person).id, self.workspace.channel(channel).id
            self.workspace.read_marks[key] = ts
            self.workspace.changed("read", channel=channel, person=person)

    # Commands, shortcuts and clicks return after the app's acknowledgement.

    def command(self, person: str, channel: str, command: str, text: str = "") -> Ack:
        room = self.workspace.channel(channel)
        who = self.workspace.person(person)
        if not room.is_im or who.id not in room.members:
            self._inside(person, room.id)
        return self.gestures.command(who, room, command, text)

    def shortcut(self, person: str, callback_id: str) -> Ack:
        return self.gestures.shortcut(self.workspace.person(person), callback_id)

    def message_shortcut(
        self, person: str, callback_id: str, channel: str, ts: str
    ) -> Ack:
        who, room = self._inside(person, channel)
        message = self.workspace.message(room.id, ts)
        return self.gestures.message_shortcut(who, callback_id, message)

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
            message = self._seen(who, channel, ts)
            found = inputs.find(message.blocks, action_id, value, block_id)
        return self.gestures.click(who, message, found, option)

    def _seen(self, who: Person, channel: str, ts: str) -> Message:
        for message in self.workspace.ephemerals.get(who.id, []):
            if message.ts == ts:
                return message
        room = self.workspace.channel(channel)
        if who.id not in room.members:
            raise PermissionError(f"{who.name} is not in {room.name}")
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
        who, view = self.workspace.person(person), self._view(person, view_id)
        with self.workspace.lock:
            forms.fill_in(view, values or {})
        found = inputs.find(view.body["blocks"], action_id, value, block_id)
        choice = value if option is None else option
        return self.gestures.click_view(who, view, found, choice)

    def _view(self, person: str, view_id: str) -> View:
        try:
            view = self.views.by_id(view_id)
        except SlackError:
            raise LookupError(f"no view {view_id} is open") from None
        if view.person != person:
            raise PermissionError("that view is open before somebody else")
        return view

    def submit(self, person: str, view_id: str, values: dict[str, Any]) -> Ack:
        """`values` by block_id or action_id; what is not named stays as it is."""
        view = self._view(person, view_id)
        return self.gestures.submit(self.workspace.person(person), view, values)

    def close_view(self, person: str, view_id: str, *, clear: bool = False) -> None:
        view = self._view(person, view_id)
        self.gestures.close_view(self.workspace.person(person), view, clear=clear)

    def open_home(self, person: str, tab: str = "home") -> None:
        with self.workspace.lock:
            room = self.workspace.im(self.workspace.person(person).id)
            self.events.home_opened(room, person, tab, self.workspace.homes.get(person))


def file_shape(workspace: Workspace, who: Person, file: Json) -> Json:
    """A file as messages show it; what `file` does not say is made up."""
    name = str(file.get("name", "file.txt"))
    return {
        "id": workspace.next_id("F"),
        "created": int(workspace.now()),
        "timestamp": int(workspace.now()),
        "name": name,
        "title": name,
        "mimetype": "text/plain",
        "filetype": "text",
        "pretty_type": "Plain Text",
        "user": who.id,
        "editable": False,
        "size": 0,
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": True,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "channels": [],
        "groups": [],
        "permalink": "",
        **file,
    }
