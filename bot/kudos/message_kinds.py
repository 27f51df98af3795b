"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

KUDOS_LIMIT_REACHED = MessageKind("kudos.limit_reached")
KUDOS_NOT_POSTED = MessageKind("kudos.not_posted")
KUDOS_POST = MessageKind("kudos.post")
KUDOS_RECEIPT = MessageKind("kudos.receipt")
KUDOS_RECEIVED = MessageKind("kudos.received")
KUDOS_UPDATE = MessageKind("kudos.update")
KUDOS_UPDATE_RECEIPT = MessageKind("kudos.update_receipt")
KUDOS_UPDATE_RECIPIENT = MessageKind("kudos.update_recipient")
