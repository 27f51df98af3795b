"""The permissions of mentors."""

from bot.permissions import PROGRAM_LEADS, Permission

SEE_MENTORS = Permission(
    "see mentors, and add credits",
    roles=PROGRAM_LEADS,
    denial=(
        "Only the program leads, and the workspace's admins, see who was noticed."
        " Your own credits are in the Home tab."
    ),
)

PERMISSIONS = (SEE_MENTORS,)
