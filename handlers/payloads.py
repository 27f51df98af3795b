"""The parts of Slack's payloads that we read. What does not fit them is no request."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bot.clock import micros


def _is_ts(value: object) -> object:
    micros(str(value))
    return value


SlackId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,40}$")]
Ts = Annotated[str, BeforeValidator(_is_ts)]
# Slack sends null where there are blocks or files only.
Text = Annotated[str, BeforeValidator(lambda text: "" if text is None else text)]


class Payload(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Item(Payload):
    channel: SlackId
    ts: Ts


class Reaction(Payload):
    """`reaction_added` and `reaction_removed`, on a message."""

    type: str
    user: SlackId
    # Any script, but nothing that a database can't hold.
    reaction: Annotated[str, StringConstraints(pattern=r"^[^\s\x00]+$", max_length=200)]
    item: Item
    event_ts: Ts


class Message(Payload):
    """A `message` event, or the message inside one."""

    ts: Ts
    user: SlackId | None = None
    text: Text = ""
    subtype: str | None = None
    bot_id: str | None = None
    thread_ts: Ts | None = None

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


class MessageEvent(Message):
    channel: SlackId
    channel_type: str | None = None


class Changed(Payload):
    """`message_changed`: also for unfurls and detected languages."""

    channel: SlackId
    message: Message
    previous_message: Message | None = None
    event_ts: Ts


class Deleted(Payload):
    channel: SlackId
    deleted_ts: Ts
    previous_message: Message | None = None


class Person(Payload):
    id: SlackId


class InChannel(Payload):
    """An event about a channel, of which only the id matters."""

    channel: SlackId


class Joined(InChannel):
    user: SlackId


class Unshared(InChannel):
    is_ext_shared: bool = False


class Named(Payload):
    id: SlackId
    name: str


class Renamed(Payload):
    channel: Named


class Moved(Payload):
    """`channel_id_changed`."""

    old_channel_id: SlackId
    new_channel_id: SlackId


class User(Person):
    """Slack's user object: what else is in it is read by `members.remember`."""

    model_config = ConfigDict(extra="allow")


class Described(Payload):
    """`user_change` and `team_join`."""

    user: User


class HomeOpened(Payload):
    user: SlackId
    tab: str = "home"


class Command(Payload):
    user_id: SlackId
    channel_id: SlackId
    channel_name: str = ""
    text: str = ""
    trigger_id: str

    @property
    def is_in_channel(self) -> bool:
        """Not in a direct message, whose name Slack gives so."""
        return self.channel_name != "directmessage" and not self.channel_id.startswith(
            "D"
        )


class Place(Payload):
    id: SlackId


class Chosen(Payload):
    value: str


class Action(Payload):
    action_id: str
    value: str = ""
    selected_option: Chosen | None = None
    selected_conversation: SlackId | None = None
    action_ts: Ts


class View(Payload):
    id: str
    hash: str | None = None
    private_metadata: str = ""
    state: dict[str, Any] = Field(default_factory=dict)
    blocks: list[dict[str, Any]] = Field(default_factory=list)

    def meta(self) -> dict[str, Any]:
        found = json.loads(self.private_metadata or "{}")
        return found if isinstance(found, dict) else {}

    def has(self, block: str) -> bool:
        return any(shown.get("block_id") == block for shown in self.blocks)

    def text(self, block: str) -> str:
        return str(self._input(block).get("value") or "")

    def chosen(self, block: str) -> str | None:
        option = self._input(block).get("selected_option")
        return str(option["value"]) if option else None

    def all_chosen(self, block: str) -> list[str]:
        options = self._input(block).get("selected_options") or []
        return [str(option["value"]) for option in options]

    def conversation(self, block: str) -> str | None:
        return self._input(block).get("selected_conversation")

    def users(self, block: str) -> list[str]:
        return list(self._input(block).get("selected_users") or [])

    def _input(self, block: str) -> dict[str, Any]:
        inputs = (self.state.get("values") or {}).get(block) or {}
        first: Any = next(iter(inputs.values()), {})
        return first if isinstance(first, dict) else {}


class Pressed(Payload):
    """`block_actions`: a button, a menu or a select, and the view it is in."""

    user: Person
    trigger_id: str
    actions: Annotated[list[Action], Field(min_length=1)]
    view: View | None = None

    @property
    def action(self) -> Action:
        return self.actions[0]


class Submitted(Payload):
    user: Person
    view: View


class Shortcut(Payload):
    user: Person
    trigger_id: str


class MessageShortcut(Shortcut):
    channel: Place
    message: Message
    action_ts: Ts
