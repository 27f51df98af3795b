"""Names of kinds of messages."""

from typing import NewType

# A kind of message in the outbox, as it is stored: "ask.answered".
MessageKind = NewType("MessageKind", str)
