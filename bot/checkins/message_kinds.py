"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

CHECKIN_ASK_CREATED = MessageKind("checkin.asked")
CHECKIN_DIGEST = MessageKind("checkin.show")
CHECKIN_INVITE = MessageKind("checkin.invite")
CHECKIN_NOT_POSTED = MessageKind("checkin.not_posted")
CHECKIN_OFFER_ASK = MessageKind("checkin.stuck")
CHECKIN_PAUSED = MessageKind("checkin.paused")
CHECKIN_POST = MessageKind("checkin.post")
CHECKIN_REMINDER = MessageKind("checkin.nudge")
CHECKIN_REMINDERS_STOPPED = MessageKind("checkin.stopped")
CHECKIN_RESPONSE = MessageKind("checkin.answer")
CHECKIN_SKIPPED = MessageKind("checkin.skipped")
CHECKIN_SYNC_THREAD = MessageKind("checkin.read")
CHECKIN_UPDATE_RESPONSE = MessageKind("checkin.reword")
