"""The permissions of asks without a name. No one may know who asked."""

from bot.anonymity.authors import ONLY_THE_ASKER
from bot.permissions import (
    AUTHOR,
    MEMBERS_AND_GUESTS,
    MODERATORS,
    PROGRAM_LEADS,
    Permission,
)

REPORT = Permission(
    "report an ask without a name",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't report asks here.",
)
LOOK_AFTER = Permission(
    "look after asks without a name",
    roles=MODERATORS | PROGRAM_LEADS,
    denial="Only this channel's champions, admins and program leads can do that.",
)
STOP_EVERYWHERE = Permission(
    "stop an author of asks without a name in the whole workspace",
    roles=PROGRAM_LEADS,
    denial="Only the workspace's admins and program leads can do that.",
)

ACT_AS_ASKER = Permission(
    "act on one's own ask without a name",
    roles=AUTHOR,
    denial=ONLY_THE_ASKER,
)

PERMISSIONS = (ACT_AS_ASKER, REPORT, LOOK_AFTER, STOP_EVERYWHERE)
