"""The permissions of the bot's introduction."""

from bot.permissions import AUTHOR, MODERATORS, Permission

INTRODUCE = Permission(
    "let the bot introduce itself in a channel",
    roles=AUTHOR | MODERATORS,
    denial=(
        "Only the person who invited me, a champion or an admin can decide whether I"
        " introduce myself here."
    ),
)

PERMISSIONS = (INTRODUCE,)
