"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

EXCHANGE_QUESTION = MessageKind("exchange.question")
EXCHANGE_NOT_THIS_TIME = MessageKind("exchange.not_this_time")
EXCHANGE_BEGUN = MessageKind("exchange.begun")
EXCHANGE_DRAFT = MessageKind("exchange.draft")
EXCHANGE_AGREED = MessageKind("exchange.agreed")
EXCHANGE_MEETING = MessageKind("exchange.meeting")
EXCHANGE_FIRST = MessageKind("exchange.first")
EXCHANGE_MIDPOINT = MessageKind("exchange.midpoint")
EXCHANGE_LAST = MessageKind("exchange.last")
EXCHANGE_EXTENDED = MessageKind("exchange.extended")
EXCHANGE_ENDED = MessageKind("exchange.ended")
