"""The types of features' hooks; bot/feature/__init__.py says when each runs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Only for types: these modules may import this one.
    from slack_sdk.models.blocks import Block
    from sqlalchemy import Select, SQLColumnExpression
    from sqlalchemy.orm import Session

    from bot.db.statement_time import Time
    from bot.home.section import HomeContext
    from bot.messages.events import (
        BatchedChange,
        DeletedMessage,
        EditedMessage,
        NewMessage,
        ReactionEvent,
    )
    from bot.messages.tracked_messages import TrackedMessage
    from bot.personal_data import Erasure
    from bot.runtime import Runtime, Transaction, Workspace
    from bot.worklist.kind import Caretakers
    from models import Ask, Base, Channel, Member, PeerPlace

# Channels and members are given by Slack's ids unless the type is a row; times are UTC.
MemberLoaded = Callable[["Transaction", "Member"], None]
MembershipChanged = Callable[["Transaction", str, str, datetime], None]
# The old id of the channel, and the new one.
ChannelIdChanged = Callable[["Transaction", str, str], None]
BotJoined = Callable[["Transaction", "Channel", str | None], None]
ChannelRestricted = Callable[["Transaction", "Channel"], None]
# Takes a member whom the bot greets.
GreetingBlocks = Callable[["Transaction", str], "Sequence[Block]"]
MemberGreeted = Callable[["Transaction", str], None]
CountMessage = Callable[[int, str, str, str], None]
CountContact = Callable[[int, str, Collection[str]], None]
OnDirectMessage = Callable[["Transaction", "NewMessage"], bool]
Purge = Callable[["Transaction", datetime], None]
# Selects the rows of the installation with this id that a job works on at this time.
RowsOf = Callable[["SQLColumnExpression[int]", "Time"], "Select[*tuple[Any, ...]]"]
# Selects the rows of the installation with this id that are old at a time (UTC).
OldRowsOf = Callable[["SQLColumnExpression[int]", datetime], "Select[*tuple[Any, ...]]"]
RowsToLock = Callable[
    ["Session", "Sequence[TrackedMessage]"], "Mapping[type[Base], Collection[int]]"
]
# The id of the program's row, and the member.
ProgramLeft = Callable[["Transaction", int, str], None]
PlaceOpened = Callable[["Transaction", "PeerPlace"], None]
NextDue = Callable[["Transaction"], Sequence[datetime | None]]
SettingsSection = Callable[["Transaction", "Channel"], "Sequence[Block]"]
SettingsCheck = Callable[[Mapping[str, Any]], None]
UsedEmoji = Callable[["Transaction", Sequence[str]], Collection[str]]
IsActive = Callable[["Transaction", str], bool]
# Takes the id of a program, the row ids of its channels, and a time.
ActiveMembers = Callable[
    ["Transaction", int, Collection[int], datetime], "Sequence[Select[str]]"
]
# Takes a member and a time, and returns texts by the id of the program.
ProgramFacts = Callable[["Transaction", str, datetime], Mapping[int, str]]
HomesAbout = Callable[["Transaction", "Erasure"], "Sequence[Select[str]]"]
AskOptions = Callable[["Transaction", "Ask", str], "Sequence[Block]"]
ConfirmationBlocks = Callable[["Transaction", "Ask"], "Sequence[Block]"]
HomeAsks = Callable[["HomeContext"], "Select[int]"]
# Returns blocks by the ask's id.
OwnAskBlocks = Callable[
    ["Transaction", "Sequence[tuple[Ask, Channel]]"], "Mapping[int, Sequence[Block]]"
]
TitleChanged = Callable[["Transaction", "Ask"], None]
# Takes the row ids of channels, and returns people by these.
FindCaretakers = Callable[["Transaction", Collection[int]], "Mapping[int, Caretakers]"]
HelpLines = Callable[["Channel | None"], Sequence[str]]
HelpBlocks = Callable[["Transaction", str], "Sequence[Block]"]
# Takes the ids of answers, whose asks the transaction has locked.
MarksChanged = Callable[["Transaction", Collection[int]], None]

# These hooks run outside any transaction and return a change to commit, or None. They
# may run twice for one event. They may wait for the database, but for nothing else.
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
