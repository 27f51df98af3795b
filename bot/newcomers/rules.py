"""Who is a newcomer to a channel."""

from datetime import datetime, timedelta

# Whoever is invited along with the bot, when a channel is set up, comes within it.
SETUP_PERIOD = timedelta(minutes=5)


def is_newcomer(joined_at: datetime, bot_joined_at: datetime | None) -> bool:
    """Whether somebody who joined then found the bot there already.

    `bot_arrived_at` is None where the bot came before it took note of that.
    """
    return bot_joined_at is None or joined_at >= bot_joined_at + SETUP_PERIOD
