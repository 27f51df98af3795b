"""The personal data in people's settings."""

from bot.personal_data import TablePolicy
from models import MemberSettingsRow, WorkspaceSettingsRow

PERSONAL_DATA = (
    TablePolicy(
        model=MemberSettingsRow,
        contents="What members chose for themselves: topics, reminders, hours, pauses,"
        " whether they may be named or asked, and the words of their answers kept; the"
        " languages that they meet in, and the place of their public holidays; when"
        " they were greeted.",
        purpose="Leave people alone when they wish, and greet them once.",
        stays="One for each person.",
        owner_columns=("member",),
        non_personal=(
            *("topics_known", "topics_wanted", "topics_refused"),
            "public_naming",
            *("participation", "languages", "holidays_of"),
        ),
        on_erasure="delete",
    ),
    TablePolicy(
        model=WorkspaceSettingsRow,
        contents="The workspace's settings.",
        purpose="Apply them.",
        stays="One for each workspace.",
        non_personal=(
            *("channel_defaults", "anonymous_help_line", "coffee", "exchange"),
            *("buddies", "profile_team", "profile_level"),
        ),
    ),
)
