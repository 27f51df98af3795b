"""The permissions of mentors."""

from bot.permissions import PROGRAM_LEADS, Permission

SEE_MENTORS = Permission(
    "see mentors, and add credits",
    roles=PROGRAM_LEADS,
    denial=(
        "Only the workspace's admins and program leads can see this. Your own credits"
        " are on my Home tab."
    ),
)

PERMISSIONS = (SEE_MENTORS,)
