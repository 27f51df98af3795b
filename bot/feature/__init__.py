"""The interface of features: everything that a feature can plug in.

bot/features.py lists the features. Each `bot/<feature>/feature.py` fills in a
`Feature`. Everything else uses `tx.features` or `rt.features`, and imports no feature.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from bot.feature import hooks
from bot.feature.due_rows import DueCounts, DueRows

if TYPE_CHECKING:
    # Only for types: these modules may import this one.
    from slack_sdk.models.blocks import Block
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from bot.forms.setting import MemberSetting, Setting
    from bot.home.section import HomeSection
    from bot.messages.events import NewMessage
    from bot.messages.lookup import TrackedTable
    from bot.messages.tracked_messages import TrackedMessage
    from bot.outbox.kind import MessageKind
    from bot.outbox.message_type import MessageType
    from bot.permissions import Permission
    from bot.personal_data import MessagePolicy, TablePolicy
    from bot.runtime import Transaction
    from bot.worklist.kind import WorkItemKind
    from models import Ask, Base, Channel

HELP_TITLE = "*Ask your peers, and see what helped.*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A part of the product, and everything that it plugs into the rest."""

    # The name of its folder in bot/.
    name: str

    # The messages that it sends, with their render functions.
    message_types: "Sequence[MessageType]" = ()
    # The acts that it allows, each with the roles that may do it.
    permissions: "Sequence[Permission]" = ()

    # The personal data in its tables, in the order in which it locks their rows.
    personal_data: "Sequence[TablePolicy]" = ()
    # Says what an erasure leaves of its rows; the member reads it before they confirm.
    erasure_lines: Sequence[str] = ()
    # The kinds of its messages that may name or quote a member.
    message_policies: "Sequence[MessagePolicy]" = ()
    # Queries for the members whose Home tabs may name the erased member.
    homes_about: hooks.HomesAbout | None = None
    # Deletes rows that it stored before a time, and rows that lost their parent.
    purge: hooks.Purge | None = None
    # Selects rows that it keeps only for hours or until a certain time; while there are
    # such, `purge` runs each hour, and otherwise once a day.
    short_lived: Sequence[hooks.OldRowsOf] = ()

    # Its settings of a channel.
    channel_settings: "Sequence[Setting[Channel]]" = ()
    # Checks a channel's settings by name, and raises UserError if they contradict.
    check_channel_settings: hooks.SettingsCheck | None = None
    # The blocks that it shows below a channel's settings.
    channel_settings_section: hooks.SettingsSection | None = None
    # Its settings of the workspace.
    workspace_settings: "Sequence[Setting[None]]" = ()
    # Its settings of a member.
    member_settings: "Sequence[MemberSetting]" = ()
    # Returns those of the emoji that a member has reacted with, as far as it stores.
    used_emoji: hooks.UsedEmoji | None = None

    # Its sections of the Home tab.
    home_sections: "Sequence[HomeSection]" = ()
    # A query for the asks without an answer that these show.
    home_asks: hooks.HomeAsks | None = None
    # Returns True if a member has used it, apart from what its Home sections show.
    is_active: hooks.IsActive | None = None
    # Queries for members who were active in a program or its channels since a time.
    active_members: hooks.ActiveMembers | None = None
    # Says what a member did in programs since a time, such as "met your circle twice".
    program_facts: hooks.ProgramFacts | None = None
    # Its lines of `/backswing help`, as they hold in the channel; None is any channel.
    help_lines: hooks.HelpLines | None = None
    # Its blocks below them, for a member who typed the command.
    help_blocks: hooks.HelpBlocks | None = None

    # Its kinds of suggestions for champions.
    work_items: "Sequence[WorkItemKind]" = ()
    # Returns the people who look after channels, apart from the champions of channels.
    caretakers: hooks.FindCaretakers | None = None

    # Its blocks in a member's options of an ask.
    ask_options: hooks.AskOptions | None = None
    # Its blocks for the author of a message that became an ask without their doing.
    confirmation_blocks: hooks.ConfirmationBlocks | None = None
    # Its blocks below a member's own asks in their Home tab.
    own_ask_blocks: hooks.OwnAskBlocks | None = None

    # Its rows that one of its jobs has to process at a certain time.
    due_rows: Sequence[DueRows] = ()
    # Counts the other work that its jobs have now.
    due_counts: DueCounts | None = None
    # Returns the next times at which its jobs have such other work.
    next_due: hooks.NextDue | None = None

    # Its tables whose rows are messages in Slack.
    tracked_tables: "Sequence[TrackedTable]" = ()
    # The columns of `Channel` that its hooks below find in tracked messages.
    channel_columns: Sequence[str] = ()
    # Returns the ids of the rows that changes to these messages lock, by table, also
    # those of tables without any, so that the order of tables is always the same.
    rows_to_lock: hooks.RowsToLock | None = None
    # Runs when a member adds or removes a reaction to the tracked message.
    on_reaction: hooks.OnReaction | None = None
    # Counts a message that a member posted, outside any transaction. The arguments are
    # the installation's id, the channel, the author and the message's `ts`.
    count_message: hooks.CountMessage | None = None
    # Counts that a member wrote to others, or reacted to them, outside any transaction.
    # The arguments are the installation's id, the channel and the others.
    count_contact: hooks.CountContact | None = None
    # Runs when a member posts a message; the tracked message is its thread's first.
    on_message: hooks.OnMessage | None = None
    # Runs when a member edits the tracked message.
    on_message_edited: hooks.OnMessageEdited | None = None
    # Runs when the tracked message is deleted; the last argument is its thread's first.
    on_message_deleted: hooks.OnMessageDeleted | None = None
    # Runs when a member writes to the bot; returns True if it has answered.
    on_direct_message: hooks.OnDirectMessage | None = None

    # Runs when a member's profile is stored: what they did before counts accordingly.
    on_member_loaded: hooks.MemberLoaded | None = None
    # Runs when a member joins a channel; the arguments are channel, member and time.
    on_member_joined: hooks.MembershipChanged | None = None
    # Runs when a member leaves a channel; the arguments are channel, member and time.
    on_member_left: hooks.MembershipChanged | None = None
    # Its blocks in the greeting of a newcomer to a channel.
    greeting_blocks: hooks.GreetingBlocks | None = None
    # Runs when a newcomer has got the greeting.
    on_greeted: hooks.MemberGreeted | None = None
    # Runs when the bot joins a channel, with the member who invited it, if known.
    on_bot_joined: hooks.BotJoined | None = None
    # Runs when a channel has turned private, or is shared with other organisations.
    on_channel_restricted: hooks.ChannelRestricted | None = None
    # Runs when a channel has another id in Slack.
    on_channel_id_changed: hooks.ChannelIdChanged | None = None

    # Runs in the transaction in which a member leaves a program, after it.
    on_program_left: hooks.ProgramLeft | None = None

    # Runs once when the bot can write to some people; the place names its subject.
    on_place_opened: hooks.PlaceOpened | None = None

    # Runs when an ask's title was edited, or the ask was deleted or restored.
    on_title_changed: hooks.TitleChanged | None = None
    # Answers were marked as helpful or as solutions, which had no mark; the author's
    # own marks count for nothing. Or their ask is back. It may be called again.
    on_answers_marked: hooks.MarksChanged | None = None
    # Answers lost their last mark, or they or their ask were deleted.
    on_answers_unmarked: hooks.MarksChanged | None = None


T = TypeVar("T")
S = TypeVar("S", bound="Setting[Any] | HomeSection | WorkItemKind")
F = TypeVar("F", bound=Feature)
P = ParamSpec("P")


class Features:
    """The features of the process, and their hooks and parts, combined at its start.

    Transactions lock the features' rows in the order of the features.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = tuple(features)
        self.message_types: Mapping[MessageKind, MessageType] = {
            message_type.kind: message_type
            for message_type in self._all(lambda feature: feature.message_types)
        }
        self.permissions = self._all(lambda feature: feature.permissions)
        self.personal_data = self._all(lambda feature: feature.personal_data)
        self.erasure_lines = self._all(lambda feature: feature.erasure_lines)
        self.message_policies = self._all(lambda feature: feature.message_policies)
        self.homes_about = self._each(lambda feature: feature.homes_about)
        self.purge = self._run_all(lambda feature: feature.purge)

        self.channel_settings = self._sorted(lambda feature: feature.channel_settings)
        self.check_channel_settings = self._run_all(
            lambda feature: feature.check_channel_settings
        )
        self.channel_settings_sections = self._each(
            lambda feature: feature.channel_settings_section
        )
        self.workspace_settings = self._sorted(
            lambda feature: feature.workspace_settings
        )
        self.member_settings = self._sorted(lambda feature: feature.member_settings)
        self.used_emoji = self._each(lambda feature: feature.used_emoji)

        self.home_sections = self._sorted(lambda feature: feature.home_sections)
        self.home_asks = self._each(lambda feature: feature.home_asks)
        self.work_items = self._sorted(lambda feature: feature.work_items)
        self.caretakers = self._each(lambda feature: feature.caretakers)
        self.is_active = self._each(lambda feature: feature.is_active)
        self._active_members = self._each(lambda feature: feature.active_members)
        self.program_facts = self._each(lambda feature: feature.program_facts)
        self.ask_options = self._each(lambda feature: feature.ask_options)
        self._confirmation_blocks = self._each(
            lambda feature: feature.confirmation_blocks
        )
        self._own_ask_blocks = self._each(lambda feature: feature.own_ask_blocks)
        self._help_lines = self._each(lambda feature: feature.help_lines)
        self._help_blocks = self._each(lambda feature: feature.help_blocks)

        self.due_rows = self._all(lambda feature: feature.due_rows)
        self.due_counts = self._each(lambda feature: feature.due_counts)

        self.tracked_tables = self._all(lambda feature: feature.tracked_tables)
        self.channel_columns = self._all(lambda feature: feature.channel_columns)
        self._rows_to_lock = self._each(lambda feature: feature.rows_to_lock)
        self.on_reaction = self._each(lambda feature: feature.on_reaction)
        self.count_message = self._run_all(lambda feature: feature.count_message)
        self.count_contact = self._run_all(lambda feature: feature.count_contact)
        self.on_message = self._each(lambda feature: feature.on_message)
        self.on_message_edited = self._each(lambda feature: feature.on_message_edited)
        self.on_message_deleted = self._each(lambda feature: feature.on_message_deleted)
        self._direct_message = self._each(lambda feature: feature.on_direct_message)

        self.on_member_loaded = self._run_all(lambda feature: feature.on_member_loaded)
        self.on_member_joined = self._run_all(lambda feature: feature.on_member_joined)
        self.on_member_left = self._run_all(lambda feature: feature.on_member_left)
        self._greeting_blocks = self._each(lambda feature: feature.greeting_blocks)
        self.on_greeted = self._run_all(lambda feature: feature.on_greeted)
        self.on_bot_joined = self._run_all(lambda feature: feature.on_bot_joined)
        self.on_channel_restricted = self._run_all(
            lambda feature: feature.on_channel_restricted
        )
        self.on_program_left = self._run_all(lambda feature: feature.on_program_left)
        self.on_place_opened = self._run_all(lambda feature: feature.on_place_opened)
        self.on_title_changed = self._run_all(lambda feature: feature.on_title_changed)
        self.on_answers_marked = self._run_all(
            lambda feature: feature.on_answers_marked
        )
        self.on_answers_unmarked = self._run_all(
            lambda feature: feature.on_answers_unmarked
        )

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._features)

    @property
    def short_lived(self) -> Sequence[hooks.OldRowsOf]:
        return self._all(lambda feature: feature.short_lived)

    @property
    def on_channel_id_changed(self) -> hooks.ChannelIdChanged:
        return self._run_all(lambda feature: feature.on_channel_id_changed)

    def get(self, kind: type[F]) -> F:
        """Return the feature that is an instance of this subclass of `Feature`."""
        return next(feature for feature in self if isinstance(feature, kind))

    def _all(self, part: Callable[[Feature], Sequence[T]]) -> tuple[T, ...]:
        return tuple(chain.from_iterable(map(part, self._features)))

    def _each(self, hook: Callable[[Feature], T | None]) -> tuple[T, ...]:
        """Return the hook of each feature that has it."""
        hooks = map(hook, self._features)
        return tuple(function for function in hooks if function is not None)

    def _sorted(self, part: Callable[[Feature], Sequence[S]]) -> tuple[S, ...]:
        return tuple(sorted(self._all(part), key=lambda each: each.position))

    def _run_all(
        self, hook: Callable[[Feature], Callable[P, None] | None]
    ) -> Callable[P, None]:
        """Return a function that runs the hook of each feature that has it."""
        hooks = self._each(hook)
        if len(hooks) == 1:
            return hooks[0]

        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            for each in hooks:
                each(*args, **kwargs)

        return run

    def active_members(
        self,
        tx: "Transaction",
        program_id: int,
        channel_ids: Collection[int],
        since: datetime,
    ) -> "list[Select[str]]":
        """Return queries for the members who did something in a program."""
        return [
            query
            for hook in self._active_members
            for query in hook(tx, program_id, channel_ids, since)
        ]

    def rows_to_lock(
        self, session: "Session", messages: "Sequence[TrackedMessage]"
    ) -> "Mapping[type[Base], Collection[int]]":
        """Return the ids of all rows that changes to these messages lock.

        Several features may name rows of one table: they must be locked together, in
        the order of their ids, and the tables in this order.
        """
        ids: dict[type[Base], set[int]] = {}
        for rows_to_lock in self._rows_to_lock:
            for model, row_ids in rows_to_lock(session, messages).items():
                ids.setdefault(model, set()).update(row_ids)
        return ids

    def confirmation_blocks(self, tx: "Transaction", ask: "Ask") -> "list[Block]":
        """Return what features offer to the author of a message that became an ask."""
        return [block for hook in self._confirmation_blocks for block in hook(tx, ask)]

    def own_ask_blocks(
        self, tx: "Transaction", asks: "Sequence[tuple[Ask, Channel]]"
    ) -> "Mapping[int, Sequence[Block]]":
        """Return what features show below a member's own asks, by the ask's id."""
        blocks: dict[int, list[Block]] = {}
        for hook in self._own_ask_blocks:
            for ask_id, own in hook(tx, asks).items():
                blocks.setdefault(ask_id, []).extend(own)
        return blocks

    def greeting_blocks(self, tx: "Transaction", member: str) -> "list[Block]":
        """Return what features offer to a newcomer in their greeting."""
        return [block for hook in self._greeting_blocks for block in hook(tx, member)]

    def help_text(self, channel: "Channel | None") -> str:
        """Return the text of `/backswing help` in the channel, in mrkdwn."""
        lines = [line for lines in self._help_lines for line in lines(channel)]
        return "\n".join([HELP_TITLE, *(f"• {line}" for line in lines)])

    def help_blocks(self, tx: "Transaction", member: str) -> "list[Block]":
        """Return what features show to a member below the help."""
        return [block for hook in self._help_blocks for block in hook(tx, member)]

    def on_direct_message(self, tx: "Transaction", message: "NewMessage") -> bool:
        """Let features answer a direct message to the bot; return True if one did."""
        return any(hook(tx, message) for hook in self._direct_message)
