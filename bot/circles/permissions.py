"""The permissions of circles."""

from bot.permissions import MEMBERS_AND_GUESTS, Permission

# People who are in the circle.
MEET = Permission(
    "take part in their circle's meetings",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't take part in circles.",
)

PERMISSIONS = (MEET,)
