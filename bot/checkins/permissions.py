"""The permissions of check-ins."""

from bot.permissions import MEMBERS_AND_GUESTS, Permission

CHECK_IN = Permission(
    "join a check-in, and share in it",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't take part in this check-in.",
)

PERMISSIONS = (CHECK_IN,)
