"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

CHECKIN_ASK_CREATED = MessageKind("checkin.ask_created")
CHECKIN_DIGEST = MessageKind("checkin.digest")
CHECKIN_INVITE = MessageKind("checkin.invite")
CHECKIN_NOT_POSTED = MessageKind("checkin.not_posted")
CHECKIN_OFFER_ASK = MessageKind("checkin.offer_ask")
CHECKIN_PAUSED = MessageKind("checkin.paused")
CHECKIN_POST = MessageKind("checkin.post")
CHECKIN_REMINDER = MessageKind("checkin.reminder")
CHECKIN_REMINDERS_STOPPED = MessageKind("checkin.reminders_stopped")
CHECKIN_RESPONSE = MessageKind("checkin.response")
CHECKIN_SKIPPED = MessageKind("checkin.skipped")
CHECKIN_SYNC_THREAD = MessageKind("checkin.sync_thread")
CHECKIN_UPDATE_RESPONSE = MessageKind("checkin.update_response")
