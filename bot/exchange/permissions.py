"""The permissions of exchanges."""

from bot.permissions import MEMBERS_AND_GUESTS, PROGRAM_LEADS, Permission

# They also have to be in a program that has it.
LEARN_TOGETHER = Permission(
    "learn together with a peer",
    roles=MEMBERS_AND_GUESTS,
    denial="Learning together is for people in a program that has it.",
)
COUNT_EXCHANGES = Permission(
    "see how many exchanges there are, and nothing else of them",
    roles=PROGRAM_LEADS,
    denial="Only program leads and the workspace's admins can see this number.",
)

PERMISSIONS = (LEARN_TOGETHER, COUNT_EXCHANGES)
