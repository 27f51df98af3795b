"""Personal data about suggestions for champions."""

from bot.personal_data import TablePolicy
from models import WorkAssignment, WorkItem

PERSONAL_DATA = (
    TablePolicy(
        model=WorkItem,
        row_names=("suggestion for a champion", "suggestions for champions"),
        contents="What a champion could do, about whom, and whether they did it. If"
        " nobody did it, not who had it.",
        purpose="Suggest each thing once.",
        retention="90 days after it ended.",
        owner_columns=("champion",),
        mentioned_columns=("previous_champion", "about"),
        key_columns=("subject",),
        non_personal=("kind", "outcome"),
    ),
    TablePolicy(
        model=WorkAssignment,
        contents="When a champion got a suggestion; not which one.",
        purpose="Keep to five a week, and take turns.",
        retention="28 days after it.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
)

ERASURE_LINES = ("Suggestions that you had as a champion stay, without your name.",)
