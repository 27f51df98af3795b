"""The permissions of knowledge."""

from bot.permissions import ANYBODY, Permission

FIND = Permission(
    "find what helped others",
    roles=ANYBODY,
    denial="You can't search here.",
)
REVIEW = Permission(
    "say that an answer still works or is out of date",
    roles=ANYBODY,
    denial="You can't review answers here.",
)

PERMISSIONS = (FIND, REVIEW)
