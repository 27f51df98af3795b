"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

ANONYMOUS_REVIEW = MessageKind("anonymous.review")
ANONYMOUS_REVIEWED = MessageKind("anonymous.reviewed")
ANONYMOUS_REPORT = MessageKind("anonymous.report")
ANONYMOUS_UPDATE_REPORT = MessageKind("anonymous.update_report")
ANONYMOUS_STOP_OFFER = MessageKind("anonymous.stop_offer")
ANONYMOUS_UPDATE_STOP_OFFER = MessageKind("anonymous.update_stop_offer")
ANONYMOUS_NOTICE = MessageKind("anonymous.notice")
ANONYMOUS_REPLY = MessageKind("anonymous.reply")
ANONYMOUS_UPDATE_REPLY = MessageKind("anonymous.update_reply")
