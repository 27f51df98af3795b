"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

PAIR_INTRODUCTION = MessageKind("pairs.introduction")
PAIR_GROUP_INTRODUCTION = MessageKind("pairs.group_introduction")
PAIR_UPDATE_GROUP_INTRODUCTION = MessageKind("pairs.update_group_introduction")
PAIR_UPDATE_INTRODUCTION = MessageKind("pairs.update_introduction")
PAIR_CANCELLED = MessageKind("pairs.cancelled")
PAIR_REMINDER = MessageKind("pairs.reminder")
PAIR_QUESTION = MessageKind("pairs.question")
PAIR_LEFT_OUT = MessageKind("pairs.left_out")
PAIR_PAUSED = MessageKind("pairs.paused")
