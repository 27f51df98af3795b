"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

BUDDY_OFFER = MessageKind("buddy.offer")
BUDDY_QUESTION = MessageKind("buddy.question")
BUDDY_NONE = MessageKind("buddy.none")
BUDDY_PAUSED = MessageKind("buddy.paused")
BUDDY_WEEK = MessageKind("buddy.week")
BUDDY_FIRST_ASK = MessageKind("buddy.first_ask")
BUDDY_ENDED = MessageKind("buddy.ended")
BUDDY_PASS_ON = MessageKind("buddy.pass_on")
