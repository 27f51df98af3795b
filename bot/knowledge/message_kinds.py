"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

KNOWLEDGE_FETCH_ANSWER = MessageKind("knowledge.fetch_answer")
KNOWLEDGE_NOTICE = MessageKind("knowledge.notice")
KNOWLEDGE_OUTDATED = MessageKind("knowledge.outdated")
