"""The interface of features: everything that one can plug in.

bot/features.py lists the features. Each `bot/<feature>/feature.py` fills in a
`Feature`. Everything else uses `tx.features` or `rt.features`, and imports no feature.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    # Whatever has features plugged in can import this module.
    from slack_sdk.models.blocks import Block
    from sqlalchemy.orm import Session

    from bot.forms.setting import MemberSetting, Setting
    from bot.home.section import HomeSection
    from bot.messages.events import (
        BatchedChange,
        DeletedMessage,
        EditedMessage,
        NewMessage,
        ReactionEvent,
    )
    from bot.messages.lookup import TrackedTable
    from bot.messages.tracked_messages import TrackedMessage
    from bot.monitoring import QueueDepth
    from bot.outbox.kind import MessageKind
    from bot.outbox.message_type import MessageType
    from bot.permissions import Permission
    from bot.personal_data import MessagePolicy, TablePolicy
    from bot.runtime import Runtime, Transaction, Workspace
    from bot.workspace.reaction_emoji import ChannelEmoji
    from models import Channel, Member

T = TypeVar("T")

# A hook gets what happened after the transaction in which it may change something.
# Channels and members of events are named by Slack's ids.
MemberLoaded = Callable[["Transaction", "Member"], None]
MembershipChanged = Callable[["Transaction", str, str, datetime], None]
Purge = Callable[["Transaction", datetime], None]
# Hooks of messages run outside any transaction, and return a change to be committed,
# if there is one. They may run twice, and must wait for nothing but the database.
OnReaction = Callable[
    ["Runtime", "Workspace", "ReactionEvent", "TrackedMessage"], "BatchedChange | None"
]
OnMessage = Callable[
    ["Runtime", "Workspace", "NewMessage", "TrackedMessage"], "BatchedChange | None"
]
OnMessageEdited = Callable[
    ["Runtime", "Workspace", "EditedMessage", "TrackedMessage"], "BatchedChange | None"
]
OnMessageDeleted = Callable[
    [
        "Runtime",
        "Workspace",
        "DeletedMessage",
        "TrackedMessage",
        "TrackedMessage | None",
    ],
    "BatchedChange | None",
]
OnDirectMessage = Callable[["Transaction", "NewMessage"], bool]
LockMessages = Callable[["Session", "Sequence[TrackedMessage]"], None]
BotJoined = Callable[["Transaction", "Channel", str | None], None]
DueWork = Callable[["Transaction"], "Mapping[str, QueueDepth]"]
NextDue = Callable[["Transaction"], Sequence[datetime | None]]
SettingsSection = Callable[["Transaction", "Channel"], "Sequence[Block]"]
SettingsCheck = Callable[[Mapping[str, Any]], None]
UsedEmoji = Callable[["Transaction", Sequence[str]], Collection[str]]
IsActive = Callable[["Transaction", str], bool]
HelpLines = Callable[["ChannelEmoji"], Sequence[str]]

HELP_TITLE = "*Ask your peers, and see what helped.*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A part of the product that can be left out without changing the others."""

    name: str

    # The messages that it sends, and how each is rendered.
    message_types: "Sequence[MessageType]" = ()
    # Who may do what with it.
    permissions: "Sequence[Permission]" = ()
    # Its tables: what each keeps of people, in the order in which rows are locked.
    personal_data: "Sequence[TablePolicy]" = ()
    # Which of its messages may name or quote somebody.
    message_policies: "Sequence[MessagePolicy]" = ()
    # What a channel's champions can choose about it.
    channel_settings: "Sequence[Setting[Channel]]" = ()
    # Raises UserError for choices, by their names, that make no sense together.
    check_channel_settings: SettingsCheck | None = None
    # What stands below a channel's settings: buttons of its own, what is planned.
    channel_settings_section: SettingsSection | None = None
    # What program leads can choose about it for the whole workspace.
    workspace_settings: "Sequence[Setting[None]]" = ()
    # What each member can choose about it.
    member_settings: "Sequence[MemberSetting]" = ()
    # Which of these emoji members are known to have reacted with.
    used_emoji: UsedEmoji | None = None
    # Its sections of the Home tab.
    home_sections: "Sequence[HomeSection]" = ()
    # Whether the member ever did something with it, where no section of theirs says so.
    is_active: IsActive | None = None
    # Lines of `/backswing help`, with the emoji of the channel at hand.
    help_lines: HelpLines | None = None
    # What the clock is to do for it, by its name, as operators see it.
    due_work: DueWork | None = None
    # When the clock is to do something for it next.
    next_due: NextDue | None = None

    # Its tables whose rows are messages in Slack.
    tracked_tables: "Sequence[TrackedTable]" = ()
    # Lock its rows of these messages, always in the same order.
    lock_messages: LockMessages | None = None
    # Somebody added or removed a reaction.
    on_reaction: OnReaction | None = None
    # Somebody posted a message; what is stored is of the first in its thread.
    on_message: OnMessage | None = None
    # Somebody edited a message.
    on_message_edited: OnMessageEdited | None = None
    # A message is gone; what is stored is of it, and of the first in its thread.
    on_message_deleted: OnMessageDeleted | None = None
    # Somebody wrote to the bot; True where that has been answered.
    on_direct_message: OnDirectMessage | None = None

    # Slack said who somebody is: what they did before counts accordingly.
    on_member_loaded: MemberLoaded | None = None
    # Somebody joined a channel at that time.
    on_member_joined: MembershipChanged | None = None
    # Somebody left a channel at that time.
    on_member_left: MembershipChanged | None = None
    # The bot was added to a channel; by whom, where Slack says so.
    on_bot_joined: BotJoined | None = None
    # Delete what it noted before then and what belongs to nothing since.
    purge: Purge | None = None


class Features:
    """The features of the process, resolved once, at its start.

    Their order is the order in which a transaction locks their rows.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = tuple(features)
        self.message_types: Mapping[MessageKind, MessageType] = {
            message_type.kind: message_type
            for message_type in self._all(lambda feature: feature.message_types)
        }
        self.permissions = self._all(lambda feature: feature.permissions)
        self.personal_data = self._all(lambda feature: feature.personal_data)
        self.message_policies = self._all(lambda feature: feature.message_policies)
        self.channel_settings = _by_position(
            self._all(lambda feature: feature.channel_settings)
        )
        self.workspace_settings = _by_position(
            self._all(lambda feature: feature.workspace_settings)
        )
        self.member_settings = _by_position(
            self._all(lambda feature: feature.member_settings)
        )
        self.channel_settings_sections = self._hooks(
            lambda feature: feature.channel_settings_section
        )
        self.used_emoji = self._hooks(lambda feature: feature.used_emoji)
        self._setting_checks = self._hooks(
            lambda feature: feature.check_channel_settings
        )
        self._help_lines = self._hooks(lambda feature: feature.help_lines)
        self.home_sections = tuple(
            sorted(
                self._all(lambda feature: feature.home_sections),
                key=lambda section: section.position,
            )
        )
        self.is_active = self._hooks(lambda feature: feature.is_active)
        self.due_work = self._hooks(lambda feature: feature.due_work)
        self.next_due = self._hooks(lambda feature: feature.next_due)
        self.tracked_tables = self._all(lambda feature: feature.tracked_tables)
        self.on_reaction = self._hooks(lambda feature: feature.on_reaction)
        self.on_message = self._hooks(lambda feature: feature.on_message)
        self.on_message_edited = self._hooks(lambda feature: feature.on_message_edited)
        self.on_message_deleted = self._hooks(
            lambda feature: feature.on_message_deleted
        )
        self._direct_message = self._hooks(lambda feature: feature.on_direct_message)
        self._lock_messages = self._hooks(lambda feature: feature.lock_messages)
        self._member_loaded = self._hooks(lambda feature: feature.on_member_loaded)
        self._member_joined = self._hooks(lambda feature: feature.on_member_joined)
        self._member_left = self._hooks(lambda feature: feature.on_member_left)
        self._purge = self._hooks(lambda feature: feature.purge)
        self._bot_joined = self._hooks(lambda feature: feature.on_bot_joined)

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._features)

    def _all(self, part: Callable[[Feature], Sequence[T]]) -> tuple[T, ...]:
        return tuple(chain.from_iterable(map(part, self._features)))

    def _hooks(self, hook: Callable[[Feature], T | None]) -> tuple[T, ...]:
        hooks = map(hook, self._features)
        return tuple(function for function in hooks if function is not None)

    def check_channel_settings(self, values: Mapping[str, Any]) -> None:
        """Raises UserError for choices, by their names, that make no sense together."""
        for check in self._setting_checks:
            check(values)

    def help_text(self, emoji: "ChannelEmoji") -> str:
        """Return what everybody can do, in mrkdwn."""
        lines = [line for lines in self._help_lines for line in lines(emoji)]
        return "\n".join([HELP_TITLE, *(f"• {line}" for line in lines)])

    def lock_messages(
        self, session: "Session", messages: "Sequence[TrackedMessage]"
    ) -> None:
        for lock in self._lock_messages:
            lock(session, messages)

    def on_direct_message(self, tx: "Transaction", message: "NewMessage") -> bool:
        return any(hook(tx, message) for hook in self._direct_message)

    def on_member_loaded(self, tx: "Transaction", member: "Member") -> None:
        for hook in self._member_loaded:
            hook(tx, member)

    def on_member_joined(
        self, tx: "Transaction", channel: str, member: str, at: datetime
    ) -> None:
        for hook in self._member_joined:
            hook(tx, channel, member, at)

    def on_member_left(
        self, tx: "Transaction", channel: str, member: str, at: datetime
    ) -> None:
        for hook in self._member_left:
            hook(tx, channel, member, at)

    def purge(self, tx: "Transaction", before: datetime) -> None:
        for hook in self._purge:
            hook(tx, before)

    def on_bot_joined(
        self, tx: "Transaction", channel: "Channel", inviter: str | None
    ) -> None:
        for hook in self._bot_joined:
            hook(tx, channel, inviter)


S = TypeVar("S", bound="Setting[Any]")


def _by_position(settings: Sequence[S]) -> tuple[S, ...]:
    return tuple(sorted(settings, key=lambda setting: setting.position))
