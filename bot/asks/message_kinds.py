"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

ANSWER_HELPED = MessageKind("answer.helped")
ANSWER_HELPED_AGAIN = MessageKind("answer.helped_again")
ANSWER_SOLVED = MessageKind("answer.solved")
ASK_ANSWERED = MessageKind("ask.answered")
ASK_CAPTURED = MessageKind("ask.captured")
ASK_CLOSED = MessageKind("ask.closed")
ASK_CONVERTED = MessageKind("ask.converted")
ASK_DELETED = MessageKind("ask.deleted")
ASK_DELETE_MESSAGE = MessageKind("ask.delete_message")
ASK_JOINER_SOLVED = MessageKind("ask.joiner_solved")
ASK_MARK_REMINDER = MessageKind("ask.mark_reminder")
ASK_NOT_POSTED = MessageKind("ask.not_posted")
ASK_POST = MessageKind("ask.post")
ASK_SOLVED = MessageKind("ask.solved")
ASK_SUGGEST_SOLUTION = MessageKind("ask.suggest_solution")
ASK_SYNC_THREAD = MessageKind("ask.sync_thread")
ASK_UPDATE = MessageKind("ask.update")
ASK_UPDATE_DIRECT_MESSAGE = MessageKind("ask.update_direct_message")
ASK_UPDATE_REACTION = MessageKind("ask.update_reaction")
