"""What is kept of people in a workspace's own decisions."""

from bot.kept import Kept
from models import Policy, ProgramLead

KEPT = (
    Kept(
        model=Policy,
        what="What the workspace decided for all of its channels.",
        why="To keep to it.",
        until="The database is deleted.",
        neutral=("channel_defaults",),
    ),
    Kept(
        model=ProgramLead,
        what="Who runs the program with the admins.",
        why="They may change the workspace's settings.",
        until="It is taken back, or the person is forgotten.",
        owners=("member",),
        when_forgotten="delete",
    ),
)
