"""The permissions of knowledge."""

from bot.permissions import MEMBERS_AND_GUESTS, Permission

FIND = Permission(
    "find what helped others",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't search here.",
)
REVIEW = Permission(
    "say that an answer still works or is out of date",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't review answers here.",
)
POINT = Permission(
    "point to an earlier answer",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't point to answers here.",
)

PERMISSIONS = (FIND, REVIEW, POINT)
