"""The permissions of kudos."""

from bot.permissions import ADMINS, AUTHOR, MEMBERS_AND_GUESTS, Permission

GIVE_KUDOS = Permission(
    "give kudos, or join in",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't give kudos here.",
)
TAKE_BACK_KUDOS = Permission(
    "take kudos back",
    roles=AUTHOR | ADMINS,
    denial=("Only the person who gave them, or an admin, can take kudos back."),
)

PERMISSIONS = (
    GIVE_KUDOS,
    TAKE_BACK_KUDOS,
)
