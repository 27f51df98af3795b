"""Models of Slack's events about channels; see `handlers/payloads.py`."""

from typing import Any

from handlers.payloads import NullableStr, Payload, SlackId, TimedEvent, Ts


class ChannelEvent(TimedEvent):
    """An event about a channel."""

    channel: SlackId


class MembershipChange(ChannelEvent):
    """`member_joined_channel`, also for the bot, and `member_left_channel`."""

    user: SlackId
    # The person's workspace.
    team: NullableStr = None
    # "G" for a private channel.
    channel_type: NullableStr = None
    # None if the person joined by themselves; Slack may leave it out for the bot.
    inviter: SlackId | None = None
    event_ts: Ts

    @property
    def author_teams(self) -> dict[str, Any]:
        return {"team": self.team}


class ChannelUnshared(ChannelEvent):
    is_ext_shared: bool = False


class NamedChannel(Payload):
    id: SlackId
    name: str


class ChannelRenamed(TimedEvent):
    channel: NamedChannel


class ChannelIdChanged(TimedEvent):
    """`channel_id_changed`."""

    old_channel_id: SlackId
    new_channel_id: SlackId
