"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

PEOPLE_OPEN_PLACE = MessageKind("people.open_place")
PEOPLE_OPEN_CHANNEL = MessageKind("people.open_channel")
PEOPLE_SET_CHANNEL = MessageKind("people.set_channel")
