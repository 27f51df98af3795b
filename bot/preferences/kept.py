"""What is kept of people in their preferences."""

from bot.kept import TablePolicy
from models import MemberSettingsRow

MEMBER_SETTINGS = (
    TablePolicy(
        model=MemberSettingsRow,
        contents="What members chose for themselves: topics, reminders, quiet hours,"
        " pauses, whether they may be named or asked; when they were greeted.",
        purpose="So that the bot leaves them alone when they wish, and greets them once.",
        retention="The person is forgotten.",
        owner_columns=("member",),
        non_personal=("topics_known", "topics_wanted", "may_be_named"),
        on_erasure="delete",
    ),
)
