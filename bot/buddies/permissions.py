"""The permissions of buddies."""

from bot.permissions import MEMBERS_AND_GUESTS, PROGRAM_LEADS, Permission

# Both also have to be in a program that has them.
HAVE_BUDDY = Permission(
    "look for a buddy, or be one",
    roles=MEMBERS_AND_GUESTS,
    denial="Buddies are for people in a program that has them.",
)
SEE_BUDDIES = Permission(
    "see who has which buddy, without their answers",
    roles=PROGRAM_LEADS,
    denial="Only program leads and the workspace's admins can see this.",
)

PERMISSIONS = (HAVE_BUDDY, SEE_BUDDIES)
