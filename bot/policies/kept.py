"""What is kept of people in a workspace's own decisions."""

from bot.kept import TablePolicy
from models import ProgramLead, WorkspaceSettingsRow

WORKSPACE_SETTINGS = (
    TablePolicy(
        model=WorkspaceSettingsRow,
        contents="What the workspace decided for all of its channels.",
        purpose="To keep to it.",
        retention="The database is deleted.",
        non_personal=("channel_defaults",),
    ),
    TablePolicy(
        model=ProgramLead,
        contents="Who runs the program with the admins.",
        purpose="They may change the workspace's settings.",
        retention="It is taken back, or the person is forgotten.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
)
