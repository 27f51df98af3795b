"""The permissions of check-ins."""

from bot.permissions import ANYBODY, Permission

CHECK_IN = Permission(
    "join a check-in, and share in it",
    roles=ANYBODY,
    denial="You can't take part in this check-in.",
)

PERMISSIONS = (CHECK_IN,)
