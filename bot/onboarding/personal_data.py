"""What is kept of who invited the bot."""

from bot.personal_data import MessagePolicy, TablePolicy
from models import ChannelIntroduction

PERSONAL_DATA = (
    TablePolicy(
        model=ChannelIntroduction,
        contents="Who invited the bot to a channel, and who let it introduce itself"
        " there.",
        purpose="It asks whoever invited it, and introduces itself once.",
        retention="The person is forgotten: then it stays as somebody's.",
        owner_columns=("inviter", "posted_by"),
    ),
)

MESSAGES = (
    # To one person or to a channel, about nobody.
    MessagePolicy(
        frozenset(
            {
                "newcomer.preview",
                "newcomer.previewed",
                "newcomer.introduction",
                "newcomer.not_posted",
                "newcomer.greeting",
            }
        )
    ),
)
