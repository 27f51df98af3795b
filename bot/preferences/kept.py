"""What is kept of people in their preferences."""

from bot.kept import Kept
from models import Preference

KEPT = (
    Kept(
        model=Preference,
        what="What members chose for themselves: topics, reminders, quiet hours,"
        " pauses, whether they may be named or asked; when they were greeted.",
        why="So that the bot leaves them alone when they wish, and greets them once.",
        until="The person is forgotten.",
        owners=("member",),
        neutral=("topics_known", "topics_wanted", "may_be_named"),
        when_forgotten="delete",
    ),
)
