"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

HOME_FETCH_MEMBERSHIPS = MessageKind("home.fetch_memberships")
HOME_REPLY = MessageKind("home.reply")
