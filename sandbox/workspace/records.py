"""Records of the pretend Slack: people, channels, messages, views, calls."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Person:
    id: str
    name: str
    real_name: str
    tz: str | None = "Europe/Helsinki"
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_bot: bool = False
    deleted: bool = False
    status_emoji: str = ""
    status_text: str = ""
    title: str = ""
    # Texts in the workspace's own fields of profiles, by the field's id.
    fields: dict[str, str] = field(default_factory=dict)
    updated: int = 0


@dataclass(slots=True)
class Message:
    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    parent_user_id: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited: Json | None = None
    deleted: bool = False
    metadata: Json | None = None
    is_ephemeral: bool = False
    visible_to: str | None = None
    subtype: str | None = None
    client_msg_id: str | None = None
    bot_id: str | None = None
    attachments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    mentions: set[str] = field(default_factory=set)
    inviter: str | None = None
    # Each person's latest choices in the message's own selects and checkboxes.
    selections: dict[str, dict[str, Json]] = field(default_factory=dict)

    @property
    def is_parent(self) -> bool:
        return self.thread_ts in (None, self.ts)

    @property
    def is_broadcast(self) -> bool:
        return self.subtype == "thread_broadcast"


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    created: int
    creator: str
    members: list[str] = field(default_factory=list)
    is_private: bool = False
    is_im: bool = False
    # The direct messages of several people with the bot.
    is_mpim: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    read_only: bool = False
    topic: str = ""
    purpose: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    # Replies by their parent's ts, for fast threads in a long channel.
    threads: dict[str, list[str]] = field(default_factory=dict)
    # Parents that were deleted without leaving a tombstone.
    deleted_parents: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        if self.is_im or self.is_mpim:
            return "im" if self.is_im else "mpim"
        return "group" if self.is_private else "channel"


@dataclass(slots=True)
class View:
    id: str
    person: str
    body: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    # Input so far: block_id -> action_id -> state.
    state: dict[str, dict[str, Json]] = field(default_factory=dict)


@dataclass(slots=True)
class Trigger:
    person: str
    created_at: datetime
    # A view may only be pushed by a click inside a modal.
    view_id: str | None = None
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    channel: str
    person: str
    created_at: datetime
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A Web API call, with its arguments and response."""

    method: str
    args: Json
    answer: Json
    at: datetime
    status: int = 200
    # The fault, and whether the call took effect all the same.
    fault: str | None = None
    took_effect: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver something to the app."""

    kind: str
    payload: Json
    retry_num: int
    retry_reason: str | None
    status: int | None
    seconds: float
    at: datetime
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """The app's response to a command, a click or a form, and its effect."""

    status: int | None
    body: str = ""
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    response_action: str | None = None
    failed: str | None = None

    @property
    def ok(self) -> bool:
        return self.failed is None and not self.errors
