"""The workspace in memory: its contents, ids, timestamps and one lock."""

import re
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from copy import deepcopy
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from sandbox.workspace.errors import SlackError
from sandbox.workspace.manifests import Manifest
from sandbox.workspace.records import (
    Channel,
    Message,
    Person,
    ResponseUrl,
    Trigger,
    View,
)

SLACKBOT = "USLACKBOT"
TRIGGER_LIFETIME = timedelta(seconds=3)
# A stride makes ids of one length that do not look like a sequence.
_ID_STRIDE, _ID_COUNT, _ID_DIGITS = (
    1_000_000_007,
    36**8,
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
)
_TS_PATTERN = re.compile(r"\d{1,12}\.\d{6}\Z")
_MICROS_PER_SECOND = 1_000_000


def is_valid_ts(ts: object) -> bool:
    return isinstance(ts, str) and bool(_TS_PATTERN.match(ts))


def ts_micros(ts: str) -> int:
    whole, _, part = ts.partition(".")
    return int(whole) * _MICROS_PER_SECOND + int(part)


class Workspace:
    def __init__(self, manifest: Manifest, clock: Callable[[], datetime]) -> None:
        self.manifest = manifest
        self.clock = clock
        self.lock = RLock()
        self.scopes = set(manifest.scopes)
        self.custom_emoji: set[str] = set()
        self._id_count = 0
        self._last_ts_micros = 0
        self._listeners: list[Callable[[str, dict[str, Any]], None]] = []
        self.team_id = "T" + secrets.token_hex(5).upper()
        self.team_name = "Sandbox"
        self.team_domain = "sandbox"
        # The id and name of the organisation that the workspace is part of.
        self.enterprise: tuple[str, str] | None = None
        # True if the organisation's installation serves the workspace.
        self.is_org_install = False
        self.app_id = self.next_id("A")
        self.bot_id = self.next_id("B")
        self.people: dict[str, Person] = {}
        self.clear()

    def clear(self) -> None:
        """Empty the workspace; ids go on, and tokens stay."""
        # The clock may have been set back.
        self._last_ts_micros = 0
        self.people.clear()
        self.channels: dict[str, Channel] = {}
        self.dm_channel_ids: dict[str, str] = {}
        # The labels of the workspace's own fields of profiles, by the field's id.
        self.profile_fields: dict[str, str] = {}
        self.ephemerals: dict[str, list[Message]] = {}
        self.views: dict[str, View] = {}
        self.view_stacks: dict[str, list[str]] = {}
        self.homes: dict[str, View] = {}
        # (person, channel) -> the last ts that the person has read there.
        self.read_marks: dict[tuple[str, str], str] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        bot = Person(
            id=getattr(self, "bot_user_id", "") or self.next_id("U"),
            name=self.manifest.name.lower(),
            real_name=self.manifest.name,
            tz="America/Los_Angeles",
            is_bot=True,
        )
        self.bot_user_id = bot.id
        self.people[bot.id] = bot
        self.people[SLACKBOT] = Person(SLACKBOT, "slackbot", "Slackbot")

    def copy_contents(self) -> dict[str, dict[Any, Any]]:
        """Return a copy of all that `clear` empties, for `restore`."""
        with self.lock:
            return deepcopy(
                {name: own for name, own in vars(self).items() if isinstance(own, dict)}
            )

    def restore(self, contents: dict[str, dict[Any, Any]]) -> None:
        """Replace the contents by a copy of these; ids go on, and tokens stay."""
        with self.lock:
            self.clear()
            for name, own in deepcopy(contents).items():
                getattr(self, name).update(own)

    # Time and names

    def now(self) -> float:
        return self.clock().timestamp()

    def next_ts(self, ts: str | None = None) -> str:
        if ts is not None:
            if not is_valid_ts(ts):
                raise ValueError(f"not a time stamp: {ts!r}")
            self._last_ts_micros = max(self._last_ts_micros, ts_micros(ts))
            return ts
        micros = round(self.now() * _MICROS_PER_SECOND)
        self._last_ts_micros = max(micros, self._last_ts_micros + 100)
        whole, part = divmod(self._last_ts_micros, _MICROS_PER_SECOND)
        return f"{whole}.{part:06d}"

    @property
    def enterprise_id(self) -> str | None:
        return self.enterprise[0] if self.enterprise else None

    def skip_ids(self, count: int) -> None:
        """Leave ids to the other workspaces of an organisation."""
        self._id_count += count

    def next_id(self, prefix: str) -> str:
        self._id_count += 1
        number, digits = self._id_count * _ID_STRIDE % _ID_COUNT, ""
        for _ in range(8):
            number, digit = divmod(number, 36)
            digits = _ID_DIGITS[digit] + digits
        return f"{prefix}0{digits}"

    # People and channels

    def person(self, person_id: str) -> Person:
        with suppress(KeyError):
            return self.people[person_id]
        raise LookupError(f"no person {person_id}")

    def channel(self, channel_id: str) -> Channel:
        """Return a channel by its id, or the app's DM with a person by theirs."""
        if channel_id in self.people:
            return self.im(channel_id)
        with suppress(KeyError):
            return self.channels[channel_id]
        raise LookupError(f"no channel {channel_id}")

    def message(self, channel_id: str, ts: str) -> Message:
        with suppress(KeyError):
            return self.channel(channel_id).messages[ts]
        raise LookupError(f"no message {ts} in {channel_id}")

    def im(self, person_id: str) -> Channel:
        if person_id not in self.dm_channel_ids:
            channel = Channel(
                id=self.next_id("D"),
                name="directmessage",
                created=int(self.now()),
                creator=person_id,
                members=[self.bot_user_id, person_id],
                is_im=True,
                is_private=True,
            )
            self.channels[channel.id] = channel
            self.dm_channel_ids[person_id] = channel.id
        return self.channels[self.dm_channel_ids[person_id]]

    def mpim(self, person_ids: Collection[str]) -> Channel:
        """Return the group of these people with the bot: always the same one."""
        members = sorted({self.bot_user_id, *person_ids})
        for channel in self.channels.values():
            if channel.is_mpim and channel.members == members:
                return channel
        names = sorted(self.person(person).name for person in members)
        channel = Channel(
            id=self.next_id("C"),
            name=f"mpdm-{'--'.join(names)}-1",
            created=int(self.now()),
            creator=self.bot_user_id,
            members=members,
            is_mpim=True,
            is_private=True,
        )
        self.channels[channel.id] = channel
        return channel

    def has_bot(self, channel: Channel) -> bool:
        return self.bot_user_id in channel.members

    def replies(self, channel: Channel, parent_ts: str) -> list[Message]:
        return [
            channel.messages[ts]
            for ts in sorted(channel.threads.get(parent_ts, ()), key=ts_micros)
        ]

    # Triggers

    def new_trigger(self, person_id: str, view_id: str | None = None) -> str:
        trigger = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**10)}."
        trigger += secrets.token_hex(16)
        self.triggers[trigger] = Trigger(person_id, self.clock(), view_id)
        return trigger

    def use_trigger(self, trigger_id: str) -> Trigger:
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock() - trigger.created_at > TRIGGER_LIFETIME:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    # Listeners

    def add_listener(
        self, listener: Callable[[str, dict[str, Any]], None]
    ) -> Callable[[], None]:
        """Call `listener` at each change; return a function that removes it."""
        with self.lock:
            self._listeners.append(listener)

        def forget() -> None:
            with self.lock:
                self._listeners.remove(listener)

        return forget

    def notify(self, kind: str, **ids: Any) -> None:
        with self.lock:
            for listener in self._listeners:
                listener(kind, ids)
