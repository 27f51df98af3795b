"""Models of the parts of Slack's payloads that we read; others are malformed."""

import json
from datetime import datetime
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bot.clock import ts_to_datetime, ts_to_micros
from bot.workspace.slack_user import SlackUserFields

SlackId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,40}$")]
# The format that `bot.clock.ts_to_micros` reads.
Ts = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,11}(\.[0-9]*)?$")]
# Slack sends null if there are only blocks or files.
Text = Annotated[str, BeforeValidator(lambda text: "" if text is None else text)]
# Slack omits unknown values or sends null.
NullableStr = str | None


class Payload(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class TimedEvent(Payload):
    event_ts: Ts | None = None

    def time(self, *, now: datetime) -> datetime:
        """Return when it happened, by Slack's clock; now if Slack does not say."""
        return ts_to_datetime(self.event_ts) if self.event_ts else now


class ReactionItem(Payload):
    channel: SlackId
    ts: Ts


class ReactionPayload(Payload):
    """`reaction_added` and `reaction_removed`, on a message."""

    type: str
    user: SlackId
    # Custom emoji names may use any script; PostgreSQL can't store a null character.
    reaction: Annotated[str, StringConstraints(pattern=r"^[^\s\x00]+$", max_length=200)]
    item: ReactionItem
    # The author of the message, if Slack names them.
    item_user: SlackId | None = None
    event_ts: Ts


class Edit(Payload):
    ts: Ts


class Message(Payload):
    """A `message` event, or the message inside one."""

    ts: Ts
    user: SlackId | None = None
    text: Text = ""
    subtype: str | None = None
    bot_id: str | None = None
    thread_ts: Ts | None = None
    # The last edit; None if there was none.
    edited: Edit | None = None
    # The author's workspace, or its Enterprise organisation.
    user_team: NullableStr = None
    source_team: NullableStr = None
    team: NullableStr = None
    user_profile: dict[str, Any] | None = None

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def author_teams(self) -> dict[str, Any]:
        """The fields that identify the author's workspace."""
        return {
            "user_team": self.user_team,
            "user_profile": self.user_profile,
            "source_team": self.source_team,
            "team": self.team,
        }


class MessageEvent(Message):
    channel: SlackId
    channel_type: str | None = None
    # The author of the first message of its thread, if Slack names them.
    parent_user_id: NullableStr = None


class MessageChanged(Payload):
    """`message_changed`, sent for edits, unfurls and detected languages."""

    channel: SlackId
    message: Message
    previous_message: Message | None = None
    event_ts: Ts


class MessageDeleted(Payload):
    channel: SlackId
    deleted_ts: Ts
    previous_message: Message | None = None


class UserRef(Payload):
    id: SlackId


class Profile(Payload):
    team: NullableStr = None
    display_name: NullableStr = None
    first_name: NullableStr = None
    real_name: NullableStr = None
    status_emoji: NullableStr = None
    status_text: NullableStr = None
    # Seconds since 1970, up to the end of the year 9999; 0 is no end.
    status_expiration: Annotated[int, Field(ge=0, lt=253402300800)] | None = None


class SlackUser(UserRef, SlackUserFields):
    """The fields of Slack's user object that `members.upsert_from_slack` reads."""

    team_id: NullableStr = None
    tz: Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")] | None = None
    profile: Profile | None = None


class UserChange(TimedEvent):
    """`user_change` and `team_join`."""

    user: SlackUser


class AppHomeOpened(Payload):
    user: SlackId
    tab: str = "home"
    event_ts: Ts


class Interaction(Protocol):
    """A person's command, click, submission or shortcut."""

    @property
    def actor(self) -> str:
        """The person's Slack id."""


class SlashCommand(Payload):
    user_id: SlackId
    channel_id: SlackId
    channel_name: str = ""
    text: str = ""
    trigger_id: str

    @property
    def actor(self) -> str:
        return self.user_id

    @property
    def is_in_channel(self) -> bool:
        """False in a direct message, which Slack names "directmessage"."""
        return self.channel_name != "directmessage" and not self.channel_id.startswith(
            "D"
        )


class ChannelRef(Payload):
    id: SlackId
    name: NullableStr = None

    @property
    def is_direct_message(self) -> bool:
        return self.name == "directmessage" or self.id.startswith("D")


class SelectedOption(Payload):
    value: str


class Action(Payload):
    action_id: str
    value: str = ""
    selected_option: SelectedOption | None = None
    selected_conversation: SlackId | None = None
    action_ts: Ts

    @property
    def option(self) -> str:
        """The value of the chosen option in a menu; "" for a button."""
        return self.selected_option.value if self.selected_option else ""


class View(Payload):
    id: str
    # The first view in the stack of open modals.
    root_view_id: str | None = None
    type: str = ""
    hash: str | None = None
    private_metadata: str = ""
    state: dict[str, Any] = Field(default_factory=dict)
    blocks: list[dict[str, Any]] = Field(default_factory=list)

    def metadata(self) -> dict[str, Any]:
        metadata = json.loads(self.private_metadata or "{}")
        return metadata if isinstance(metadata, dict) else {}

    @property
    def is_modal(self) -> bool:
        return self.type == "modal"

    def has_block(self, block: str) -> bool:
        return any(item.get("block_id") == block for item in self.blocks)

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

    def conversations(self, block: str) -> list[str]:
        return list(self._input(block).get("selected_conversations") or [])

    def date(self, block: str) -> str | None:
        """Return the chosen date in Slack's format, such as 2026-03-02."""
        return self._input(block).get("selected_date")

    def time(self, block: str) -> str | None:
        """Return the chosen time in Slack's format, such as 09:30."""
        return self._input(block).get("selected_time")

    def users(self, block: str) -> list[str]:
        return list(self._input(block).get("selected_users") or [])

    def _input(self, block: str) -> dict[str, Any]:
        inputs = (self.state.get("values") or {}).get(block) or {}
        first: Any = next(iter(inputs.values()), {})
        return first if isinstance(first, dict) else {}


class Container(Payload):
    """The message or view that contains a button."""

    message_ts: NullableStr = None
    is_ephemeral: bool | None = None


class ByUser(Payload):
    user: UserRef

    @property
    def actor(self) -> str:
        return self.user.id


class BlockAction(ByUser):
    """`block_actions`: a click on a button, a menu or a select, and its location."""

    trigger_id: str
    actions: Annotated[list[Action], Field(min_length=1)]
    view: View | None = None
    # The channel of the message; None in a view.
    channel: ChannelRef | None = None
    container: Container | None = None

    @property
    def action(self) -> Action:
        return self.actions[0]

    @property
    def value(self) -> str:
        return self.action.value

    @property
    def at_micros(self) -> int:
        return ts_to_micros(self.action.action_ts)

    @property
    def view_hash(self) -> str | None:
        return self.view.hash if self.view else None

    @property
    def is_in_modal(self) -> bool:
        return self.view is not None and self.view.is_modal

    @property
    def is_in_direct_message(self) -> bool:
        return self.channel is not None and self.channel.is_direct_message


class ViewSubmission(ByUser):
    view: View


class Shortcut(ByUser):
    trigger_id: str


class MessageShortcut(Shortcut):
    channel: ChannelRef
    message: Message
    action_ts: Ts

    @property
    def at_micros(self) -> int:
        return ts_to_micros(self.action_ts)
