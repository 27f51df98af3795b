"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

WORK_MONDAY = MessageKind("work.monday")
