"""Names of kinds of messages."""

from collections.abc import Mapping
from typing import Final, NewType

# A kind of message in the outbox, as it is stored: "ask.answered".
MessageKind = NewType("MessageKind", str)

# The names from which metadata tokens are derived, by kind, for kinds that were renamed
# after version 0.1. Messages in Slack have these tokens, so the names must not change.
NAMES_IN_TOKENS: Final[Mapping[str, str]] = {
    "ask.converted": "ask.made",
    "ask.joiner_solved": "ask.same",
    "checkin.offer_ask": "checkin.stuck",
    "checkin.reminder": "checkin.nudge",
    "checkin.reminders_stopped": "checkin.stopped",
    "checkin.response": "checkin.answer",
    "home.reply": "home.help",
    "mentor.marker_note": "mentor.helped",
    "mentor.offer": "mentor.told",
    "mentor.ring_alert": "mentor.ring",
    "onboarding.greeting": "newcomer.greeting",
    "onboarding.introduction": "newcomer.introduction",
    "onboarding.not_posted": "newcomer.not_posted",
    "onboarding.preview": "newcomer.preview",
    "privacy.data_file": "privacy.my_data",
}
