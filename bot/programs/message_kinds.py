"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

PROGRAM_CHAMPION_QUESTION = MessageKind("program.champion_question")
PROGRAM_WITHOUT_CHANNEL = MessageKind("program.without_channel")
