"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

CIRCLE_AGENDA = MessageKind("circle.agenda")
CIRCLE_UPDATE_AGENDA = MessageKind("circle.update_agenda")
CIRCLE_AGREED = MessageKind("circle.agreed")
CIRCLE_QUESTIONS = MessageKind("circle.questions")
CIRCLE_ASK_OFFER = MessageKind("circle.ask_offer")
CIRCLE_FACILITATOR = MessageKind("circle.facilitator")
CIRCLE_SWAP = MessageKind("circle.swap")
CIRCLE_SWAPPED = MessageKind("circle.swapped")
CIRCLE_SEASON = MessageKind("circle.season")
CIRCLE_FORMED = MessageKind("circle.formed")
CIRCLE_PLACE = MessageKind("circle.place")
CIRCLE_NONE = MessageKind("circle.none")
CIRCLE_WELCOME = MessageKind("circle.welcome")
CIRCLE_JOINED = MessageKind("circle.joined")
CIRCLE_TOO_FEW = MessageKind("circle.too_few")
CIRCLE_TIME = MessageKind("circle.time")
CIRCLE_CALENDAR = MessageKind("circle.calendar")
CIRCLE_LEFT = MessageKind("circle.left")
CIRCLE_MERGE = MessageKind("circle.merge")
CIRCLE_NOT_MERGED = MessageKind("circle.not_merged")
