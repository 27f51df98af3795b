"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

KNOWLEDGE_FETCH_ANSWER = MessageKind("knowledge.fetch_answer")
KNOWLEDGE_NOTICE = MessageKind("knowledge.notice")
KNOWLEDGE_OUTDATED = MessageKind("knowledge.outdated")
KNOWLEDGE_POST_POINTER = MessageKind("knowledge.post_pointer")
KNOWLEDGE_UPDATE_POINTER = MessageKind("knowledge.update_pointer")
KNOWLEDGE_SYNC_POINTER = MessageKind("knowledge.sync_pointer")
KNOWLEDGE_POINTER_HELPED = MessageKind("knowledge.pointer_helped")
KNOWLEDGE_POINTER_NOT_POSTED = MessageKind("knowledge.pointer_not_posted")
