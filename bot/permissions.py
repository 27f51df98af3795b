"""Who may do what: one table, read by the code and by its test."""

from collections.abc import Mapping
from enum import StrEnum

from bot.errors import UserError


class Role(StrEnum):
    """What a person is, in general and towards the thing at hand; several at once."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "stranger"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    # Whose ask, message or invitation it is.
    AUTHOR = "author"
    CHAMPION = "champion"
    ADMIN = "admin"
    # Named by the admins to run the program with them.
    PROGRAM_LEAD = "program lead"


class Action(StrEnum):
    ASK = "ask"
    MAKE_ASK = "turn a message into an ask"
    OFFER_HELP = "offer help with an ask"
    SAME_PROBLEM = "say that they have the same problem"
    MARK_HELPFUL = "mark an answer helpful"
    MARK_SOLUTION = "mark an answer as the solution"
    EDIT = "edit an ask"
    SET_WHAT_WORKED = "say what worked"
    CLOSE = "close an ask"
    REOPEN = "reopen an ask"
    DELETE = "delete an ask"
    REMOVE_CAPTURED_ASK = "say that a captured message without an answer is not an ask"
    CHECK_IN = "join a check-in, and share in it"
    MANAGE_CHANNEL = "change a channel's settings"
    INTRODUCE = "let the bot introduce itself in a channel"
    GIVE_KUDOS = "give kudos, or join in"
    TAKE_BACK_KUDOS = "take kudos back"
    MANAGE_WORKSPACE = "change the workspace's settings"
    NAME_PROGRAM_LEADS = "name program leads"
    SEE_MENTORS = "see mentors, and add credits"
    EDIT_OWN_SETTINGS = "change their own settings"
    MANAGE_OWN_DATA = "see or erase their own data"


_ANYBODY = frozenset({Role.MEMBER, Role.GUEST})
_AUTHOR = frozenset({Role.AUTHOR})
MODERATORS = frozenset({Role.CHAMPION, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})

PERMISSIONS: Mapping[Action, frozenset[Role]] = {
    Action.ASK: _ANYBODY,
    # Somebody's words become an ask by themselves, or by who looks after the channel.
    Action.MAKE_ASK: _AUTHOR | {Role.CHAMPION},
    Action.OFFER_HELP: _ANYBODY,
    Action.SAME_PROBLEM: _ANYBODY,
    Action.MARK_HELPFUL: _ANYBODY,
    Action.MARK_SOLUTION: _AUTHOR | MODERATORS,
    Action.EDIT: _AUTHOR,
    Action.SET_WHAT_WORKED: _AUTHOR,
    Action.CLOSE: _AUTHOR | MODERATORS,
    Action.REOPEN: _AUTHOR | MODERATORS,
    Action.DELETE: _AUTHOR | MODERATORS,
    Action.REMOVE_CAPTURED_ASK: _ANYBODY,
    Action.CHECK_IN: _ANYBODY,
    Action.MANAGE_CHANNEL: MODERATORS,
    Action.INTRODUCE: _AUTHOR | MODERATORS,
    Action.GIVE_KUDOS: _ANYBODY,
    Action.TAKE_BACK_KUDOS: _AUTHOR | _ADMINS,
    Action.MANAGE_WORKSPACE: frozenset({Role.ADMIN, Role.PROGRAM_LEAD}),
    Action.NAME_PROGRAM_LEADS: frozenset({Role.ADMIN}),
    Action.SEE_MENTORS: frozenset({Role.ADMIN, Role.PROGRAM_LEAD}),
    Action.EDIT_OWN_SETTINGS: _ANYBODY,
    Action.MANAGE_OWN_DATA: _ANYBODY,
}

# Nothing else that somebody is makes up for one of these.
DENIED_ROLES = frozenset({Role.EXTERNAL, Role.BOT, Role.DEACTIVATED})


def can_moderate(
    *,
    is_admin: bool,
    is_champion: bool,
    is_external: bool,
    is_bot: bool,
    is_deactivated: bool,
) -> bool:
    """Whether somebody with these facts acts for askers in a channel."""
    is_denied = is_external or is_bot or is_deactivated
    return (is_admin or is_champion) and not is_denied


DENIALS: Mapping[Action, str] = {
    Action.ASK: "You can't ask here.",
    Action.MAKE_ASK: (
        "Only its author or one of the channel's champions can make this message"
        " an ask. To put your own problem to your peers, type /ask."
    ),
    Action.OFFER_HELP: "You can't offer help here.",
    Action.SAME_PROBLEM: "You can't join this ask.",
    Action.MARK_HELPFUL: "You can't mark answers here.",
    Action.MARK_SOLUTION: (
        "Only the person who asked, a champion or an admin can say what solved it."
        " Mark it helpful instead: that counts too."
    ),
    Action.SET_WHAT_WORKED: "Only the person who asked can say what worked.",
    Action.EDIT: "Only the person who asked can edit the ask.",
    Action.CLOSE: "Only the person who asked, a champion or an admin can close it.",
    Action.REOPEN: "Only the person who asked, a champion or an admin can reopen it.",
    Action.DELETE: "Only the person who asked, a champion or an admin can delete it.",
    Action.REMOVE_CAPTURED_ASK: "You can't say that here.",
    Action.CHECK_IN: "You can't take part in this check-in.",
    Action.MANAGE_CHANNEL: (
        "Only this channel's champions and the workspace's admins can change its"
        " settings. /backswing help says what everybody can do."
    ),
    Action.INTRODUCE: (
        "Only the person who invited me, a champion or an admin can decide whether I"
        " introduce myself here."
    ),
    Action.GIVE_KUDOS: "You can't give kudos here.",
    Action.TAKE_BACK_KUDOS: (
        "Only the person who gave them, or an admin, can take kudos back."
    ),
    Action.MANAGE_WORKSPACE: (
        "Only the workspace's admins, and the program leads whom they named, can change"
        " these settings."
    ),
    Action.EDIT_OWN_SETTINGS: "Only people choose what I do for them.",
    Action.MANAGE_OWN_DATA: "Only people can see what is kept of them.",
    Action.NAME_PROGRAM_LEADS: "Only the workspace's admins can name program leads.",
    Action.SEE_MENTORS: (
        "Only the program leads, and the workspace's admins, see who was noticed."
        " Your own credits are in the Home tab."
    ),
}
EXTERNAL_DENIAL = "That is for members of the workspace that Backswing belongs to."


def is_allowed(action: Action, roles: frozenset[Role]) -> bool:
    return not roles & DENIED_ROLES and bool(roles & PERMISSIONS[action])


def require(action: Action, roles: frozenset[Role]) -> None:
    """Raises Refusal, worded for the person, where they may not."""
    if is_allowed(action, roles):
        return
    raise UserError(EXTERNAL_DENIAL if Role.EXTERNAL in roles else DENIALS[action])
