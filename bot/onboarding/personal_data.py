"""Personal data of members who invited the bot."""

from bot.onboarding.message_kinds import (
    ONBOARDING_GREETING,
    ONBOARDING_INTRODUCTION,
    ONBOARDING_NOT_POSTED,
    ONBOARDING_PREVIEW,
    ONBOARDING_UPDATE_PREVIEW,
)
from bot.personal_data import MessagePolicy, TablePolicy
from models import ChannelIntroduction

PERSONAL_DATA = (
    TablePolicy(
        model=ChannelIntroduction,
        contents="Who invited the bot to a channel, and who let it introduce itself"
        " there.",
        purpose="Ask the person who invited it, and introduce itself once.",
        owner_columns=("inviter", "posted_by"),
    ),
)

MESSAGES = (
    # These messages name no member but their recipient.
    MessagePolicy(
        frozenset(
            {
                ONBOARDING_PREVIEW,
                ONBOARDING_UPDATE_PREVIEW,
                ONBOARDING_INTRODUCTION,
                ONBOARDING_NOT_POSTED,
                ONBOARDING_GREETING,
            }
        )
    ),
)
