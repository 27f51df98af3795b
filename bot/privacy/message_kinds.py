"""The kinds of messages of this feature; their names are stored in the outbox."""

from bot.outbox.kind import MessageKind

PRIVACY_DATA_FILE = MessageKind("privacy.data_file")
PRIVACY_REDACT = MessageKind("privacy.redact")
