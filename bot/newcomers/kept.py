"""What is kept of who invited the bot."""

from bot.kept import Kept, Told
from models import Introduction

KEPT = (
    Kept(
        model=Introduction,
        what="Who invited the bot to a channel, and who let it introduce itself there.",
        why="It asks whoever invited it, and introduces itself once.",
        until="The person is forgotten: then it stays as somebody's.",
        owners=("inviter", "posted_by"),
    ),
)

TOLD = (
    # To one person or to a channel, about nobody.
    Told(
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
