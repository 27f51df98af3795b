"""The permissions of programs."""

from bot.permissions import MEMBERS_AND_GUESTS, PROGRAM_LEADS, Permission, Role

# Towards a program, its leads have the role of program leads, too.
MAKE_PROGRAM = Permission(
    "make a program",
    roles=PROGRAM_LEADS,
    denial="Only program leads and the workspace's admins can make a program.",
)
RUN_PROGRAM = Permission(
    "change, open, end or archive a program, and see who joined",
    roles=PROGRAM_LEADS,
    denial="Only this program's leads and the workspace's admins can do that.",
)
INVITE = Permission(
    "invite people to a program",
    roles=PROGRAM_LEADS | {Role.CHAMPION},
    denial="Only this program's leads and champions, and the workspace's admins, can"
    " invite people.",
)
# Guests may if the program says so.
JOIN = Permission(
    "join a program",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't join this program.",
)

# Each comes with the first way to do it.
PERMISSIONS = (MAKE_PROGRAM, RUN_PROGRAM, INVITE, JOIN)
