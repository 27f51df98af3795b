"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

MENTOR_MARKER_NOTE = MessageKind("mentor.marker_note")
MENTOR_NOT_POSTED = MessageKind("mentor.not_posted")
MENTOR_OFFER = MessageKind("mentor.offer")
MENTOR_POST = MessageKind("mentor.post")
MENTOR_RING_ALERT = MessageKind("mentor.ring_alert")
MENTOR_UPDATE = MessageKind("mentor.update")
MENTOR_UPDATE_OFFER = MessageKind("mentor.update_offer")
