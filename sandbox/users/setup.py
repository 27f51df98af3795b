"""Building a workspace: adding and changing people and channels."""

from typing import Any

from sandbox.platform.events import Events
from sandbox.platform.messages import MessageStore
from sandbox.workspace.records import Channel, Json, Person
from sandbox.workspace.workspace import Workspace


class WorkspaceSetup:
    """Mixed into Sandbox. Each change sends the events that Slack would."""

    workspace: Workspace
    events: Events
    message_store: MessageStore

    def add_person(
        self,
        name: str,
        *,
        tz: str | None = "Europe/Helsinki",
        real_name: str | None = None,
        id: str | None = None,  # noqa: A002  # Slack's own word for it.
        **fields: Any,
    ) -> Person:
        """Add a person.

        `fields` are those of Person: is_admin, is_restricted, deleted, …
        """
        workspace = self.workspace
        with workspace.lock:
            person = Person(
                id=id or workspace.next_id("U"),
                name=name,
                real_name=real_name or name.replace(".", " ").title(),
                tz=tz,
                updated=int(workspace.now()),
                **fields,
            )
            if person.id in workspace.people:
                raise ValueError(f"{person.id} is taken")
            workspace.people[person.id] = person
            self.events.emit_user_event("team_join", person)
            workspace.notify("person", person=person.id)
            return person

    def change_person(self, person_id: str, **fields: Any) -> Person:
        with self.workspace.lock:
            person = self.workspace.person(person_id)
            for name, value in fields.items():
                if name not in Person.__dataclass_fields__:
                    raise TypeError(f"a person has no {name}")
                setattr(person, name, value)
            person.updated = int(self.workspace.now())
            self.events.emit_user_event("user_change", person)
            self.workspace.notify("person", person=person_id)
            return person

    def add_channel(
        self,
        name: str,
        *members: Person,
        with_bot: bool = True,
        id: str | None = None,  # noqa: A002  # Slack's own word for it.
        creator: Person | None = None,
        **fields: Any,
    ) -> Channel:
        """Add a channel. `fields` are those of Channel: is_private, is_archived, …"""
        workspace = self.workspace
        with workspace.lock:
            channel_id = id or workspace.next_id("C")
            if channel_id in workspace.channels:
                raise ValueError(f"{channel_id} is taken")
            first = creator or (members[0] if members else None)
            room = Channel(
                id=channel_id,
                name=name,
                created=int(workspace.now()),
                creator=first.id if first else workspace.bot_user_id,
                members=[person.id for person in members],
                **fields,
            )
            workspace.channels[room.id] = room
            if with_bot:
                self.invite_bot(room.id, first.id if first else None)
            workspace.notify("channel", channel=room.id)
            return room

    def join(self, channel: str, person: str, inviter: str | None = None) -> None:
        with self.workspace.lock:
            room = self._require_open(channel)
            if person in room.members:
                return
            self.workspace.person(person)
            room.members.append(person)
            self.message_store.member_joined(room, person, inviter)

    def leave(self, channel: str, person: str) -> None:
        with self.workspace.lock:
            room = self.workspace.channel(channel)
            if person not in room.members:
                raise LookupError(f"{person} is not in {room.name}")
            if person == self.workspace.bot_user_id:
                self.remove_bot(channel)
                return
            self.message_store.member_left(room, person)

    def invite_bot(self, channel: str, by: str | None = None) -> None:
        self.join(channel, self.workspace.bot_user_id, by)

    def remove_bot(self, channel: str, by: str | None = None) -> None:
        with self.workspace.lock:
            room = self.workspace.channel(channel)
            room.members.remove(self.workspace.bot_user_id)
            self.events.emit_bot_left(room, by or room.creator)
            self.workspace.notify("channel", channel=room.id)

    def archive(self, channel: str, by: str | None = None) -> None:
        with self.workspace.lock:
            room = self._require_open(channel)
            self.events.emit_channel_event(
                "archive", room, user=by or room.creator, is_moved=0
            )
            room.is_archived = True
            self.workspace.notify("channel", channel=room.id)

    def unarchive(self, channel: str, by: str | None = None) -> None:
        with self.workspace.lock:
            room = self.workspace.channel(channel)
            room.is_archived = False
            self.events.emit_channel_event("unarchive", room, user=by or room.creator)
            self.workspace.notify("channel", channel=room.id)

    def rename(self, channel: str, name: str) -> None:
        with self.workspace.lock:
            room = self.workspace.channel(channel)
            room.name = name
            self.events.emit_channel_rename(room)
            self.workspace.notify("channel", channel=room.id)

    def delete_channel(self, channel: str, by: str | None = None) -> None:
        with self.workspace.lock:
            room = self.workspace.channel(channel)
            self.events.emit_channel_event("deleted", room, actor_id=by or room.creator)
            del self.workspace.channels[room.id]
            self.workspace.notify("channel", channel=room.id)

    def change_channel_id(self, channel: str) -> str:
        """Change a channel's id, as sharing a private one does; return the new id."""
        with self.workspace.lock:
            room = self.workspace.channels.pop(self.workspace.channel(channel).id)
            old, room.id = room.id, self.workspace.next_id("C")
            for message in room.messages.values():
                message.channel = room.id
            self.workspace.channels[room.id] = room
            event = {
                "type": "channel_id_changed",
                "old_channel_id": old,
                "new_channel_id": room.id,
                "event_ts": self.workspace.next_ts(),
            }
            self.events.emit(event, room)
            return room.id

    def share(self, channel: str, *, shared: bool = True) -> None:
        """Share a channel with another workspace, or stop sharing it."""
        with self.workspace.lock:
            room = self.workspace.channel(channel)
            room.is_ext_shared = shared
            event: Json = {
                "type": "channel_shared" if shared else "channel_unshared",
                "channel": room.id,
                "event_ts": self.workspace.next_ts(),
            }
            if shared:
                event["connected_team_id"] = "T0OUTSIDE"
            else:
                event["previously_connected_team_id"] = "T0OUTSIDE"
                event["is_ext_shared"] = False
            self.events.emit(event, room)

    def _require_open(self, channel: str) -> Channel:
        room = self.workspace.channel(channel)
        if room.is_archived:
            raise ValueError(f"{room.name} is archived")
        return room
