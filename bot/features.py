"""The list of everything that the outbox can send."""

from collections.abc import Mapping

from bot.asks import notifications as asks
from bot.checkins import notifications as checkins
from bot.config.mentors import MentorSettings
from bot.home import service as home
from bot.kudos import notifications as kudos
from bot.mentors import notifications as mentors
from bot.onboarding import notifications as onboarding
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType
from bot.privacy import redaction
from bot.privacy import service as privacy


def message_types(
    settings: MentorSettings | None = None,
) -> Mapping[MessageKind, MessageType]:
    """Return each message type by its kind."""
    types = {
        message_type.kind: message_type
        for message_type in (
            *asks.MESSAGE_TYPES,
            *kudos.MESSAGE_TYPES,
            *checkins.MESSAGE_TYPES,
            *onboarding.MESSAGE_TYPES,
            *mentors.message_types(settings or MentorSettings()),
            *home.MESSAGE_TYPES,
            privacy.DATA_FILE,
        )
    }
    redact = redaction.message_type(types)
    return types | {redact.kind: redact}
