"""Roles and permissions. Each feature declares its own in its permissions.py."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import UserError


class Role(StrEnum):
    """A role of a person, in general or towards a thing; one can have several."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    # The author of the ask, message or invitation.
    AUTHOR = "author"
    CHAMPION = "champion"
    ADMIN = "admin"
    # A member whom the admins named to run the program with them.
    PROGRAM_LEAD = "program lead"


@dataclass(frozen=True, slots=True)
class Permission:
    """An act, and the roles that may do it; any one of them is enough."""

    # As the documentation names it: "ask", "close an ask".
    action: str
    roles: AbstractSet[Role]
    # Shown to a person who may not: a sentence that names those who may.
    denial: str


MEMBERS_AND_GUESTS = frozenset({Role.MEMBER, Role.GUEST})
AUTHOR = frozenset({Role.AUTHOR})
MODERATORS = frozenset({Role.CHAMPION, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})
PROGRAM_LEADS = frozenset({Role.ADMIN, Role.PROGRAM_LEAD})

# Permissions that several features require.
ASK = Permission(
    "ask",
    roles=MEMBERS_AND_GUESTS,
    denial="You can't ask here.",
)
MANAGE_CHANNEL = Permission(
    "change a channel's settings",
    roles=MODERATORS,
    denial=(
        "Only this channel's champions and the workspace's admins can change its"
        " settings. Type /backswing help to see what everyone can do."
    ),
)
MANAGE_WORKSPACE = Permission(
    "change the workspace's settings",
    roles=PROGRAM_LEADS,
    denial=("Only the workspace's admins and program leads can change these settings."),
)
NAME_PROGRAM_LEADS = Permission(
    "name program leads",
    roles=ADMINS,
    denial="Only the workspace's admins can name program leads.",
)
EDIT_OWN_SETTINGS = Permission(
    "change their own settings",
    roles=MEMBERS_AND_GUESTS,
    denial="Bots don't have settings.",
)
MANAGE_OWN_DATA = Permission(
    "see or erase their own data",
    roles=MEMBERS_AND_GUESTS,
    denial="Only people can see what I keep about them.",
)

# These roles can do nothing, whatever other roles a person has.
DENIED_ROLES = frozenset({Role.EXTERNAL, Role.BOT, Role.DEACTIVATED})


def can_moderate(
    *,
    is_admin: bool,
    is_champion: bool,
    is_external: bool,
    is_bot: bool,
    is_deactivated: bool,
) -> bool:
    """Return True if a person with these facts may act for askers in a channel."""
    is_denied = is_external or is_bot or is_deactivated
    return (is_admin or is_champion) and not is_denied


EXTERNAL_DENIAL = "This is only for members of the workspace that installed Backswing."


def is_allowed(permission: Permission, roles: AbstractSet[Role]) -> bool:
    return not roles & DENIED_ROLES and bool(roles & permission.roles)


def require(permission: Permission, roles: AbstractSet[Role]) -> None:
    """Raise UserError, with a message for the person, if they may not."""
    if is_allowed(permission, roles):
        return
    raise UserError(EXTERNAL_DENIAL if Role.EXTERNAL in roles else permission.denial)
