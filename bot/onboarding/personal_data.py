"""Personal data of members who invited the bot, or joined a channel."""

from bot.onboarding.message_kinds import (
    ONBOARDING_GREETING,
    ONBOARDING_INTRODUCTION,
    ONBOARDING_NOT_POSTED,
    ONBOARDING_PREVIEW,
    ONBOARDING_UPDATE_PREVIEW,
)
from bot.personal_data import MessagePolicy, TablePolicy
from models import ChannelIntroduction, Newcomer

PERSONAL_DATA = (
    TablePolicy(
        model=ChannelIntroduction,
        contents="Who invited the bot to a channel, and who let it introduce itself"
        " there.",
        purpose="Ask the person who invited it, and introduce itself once.",
        stays="One for each channel.",
        owner_columns=("inviter", "posted_by"),
    ),
    TablePolicy(
        model=Newcomer,
        contents="People who joined a channel lately: when, and when a person first"
        " wrote to them there.",
        purpose="Suggest to a champion to say hello.",
        retention="14 days after they joined.",
        owner_columns=("member",),
        on_erasure="delete",
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
