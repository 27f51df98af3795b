"""The permissions of pairs."""

from bot.permissions import MEMBERS_AND_GUESTS, PROGRAM_LEADS, Permission

# They also have to be in a program that has it.
TAKE_PART = Permission(
    "take part in peer coffee",
    roles=MEMBERS_AND_GUESTS,
    denial="Peer coffee is for people in a program that has it.",
)
SEE_PAIRS = Permission(
    "see the pairs of peer coffee, but not their answers",
    roles=PROGRAM_LEADS,
    denial="Only program leads and the workspace's admins can see the pairs.",
)

PERMISSIONS = (TAKE_PART, SEE_PAIRS)
