"""Write the page of the permissions."""

from collections.abc import Mapping

from reference.markdown import page, table

from bot.features import FEATURES
from bot.permissions import Role

ROLES: Mapping[Role, str] = {
    Role.MEMBER: "members",
    Role.GUEST: "guests",
    Role.AUTHOR: "the author",
    Role.CHAMPION: "champions",
    Role.ADMIN: "admins",
    Role.PROGRAM_LEAD: "program leads",
}


def permissions() -> str:
    return page(
        "Permissions",
        "each feature's permissions.py",
        "*The author* is the person whose ask, message, kudos or invitation it is.\n",
        table(
            ("Action", "Allowed for"),
            (
                (
                    permission.action,
                    ", ".join(
                        text for role, text in ROLES.items() if role in permission.roles
                    ),
                )
                for permission in FEATURES.permissions
            ),
        ),
        "- Authors can take kudos back for 10 minutes, admins at any time.\n"
        "- Guests may ask, and take part in check-ins, unless the channel's settings"
        " say otherwise.\n"
        "- Bots, deactivated people and people from other organisations in a shared"
        " channel may do none of it. A person belongs to another organisation if"
        " Slack's profile of them, or their message, click or command, names another"
        " workspace or enterprise than ours.\n"
        "- In a private channel you must also be in the channel: see"
        " [Who sees what](../guides/my-data.md#who-sees-what).\n",
    )
