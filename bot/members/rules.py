"""Who may do what: one table, read by the code and by its test."""

from collections.abc import Mapping
from enum import StrEnum

from bot.errors import Refusal


class Role(StrEnum):
    """What a person is, in general and towards the thing at hand; several at once."""

    MEMBER = "member"
    GUEST = "guest"
    STRANGER = "stranger"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    # Whose ask, or whose message, it is.
    AUTHOR = "author"
    CHAMPION = "champion"
    ADMIN = "admin"


class Action(StrEnum):
    ASK = "ask"
    MAKE_ASK = "make an ask of a message"
    LOOK = "say that they can help"
    SAME = "say that they have the same problem"
    MARK_HELPFUL = "mark an answer helpful"
    SOLVE = "mark an answer as the solution"
    EDIT = "edit an ask"
    CLOSE = "close an ask"
    REOPEN = "reopen an ask"
    DELETE = "delete an ask"
    SET_UP = "change a channel's settings"


_ANYBODY = frozenset({Role.MEMBER, Role.GUEST})
_AUTHOR = frozenset({Role.AUTHOR})
_LEADS = frozenset({Role.CHAMPION, Role.ADMIN})

MAY: Mapping[Action, frozenset[Role]] = {
    Action.ASK: _ANYBODY,
    # Somebody's words become an ask by themselves, or by who looks after the channel.
    Action.MAKE_ASK: _AUTHOR | {Role.CHAMPION},
    Action.LOOK: _ANYBODY,
    Action.SAME: _ANYBODY,
    Action.MARK_HELPFUL: _ANYBODY,
    Action.SOLVE: _AUTHOR | _LEADS,
    Action.EDIT: _AUTHOR,
    Action.CLOSE: _AUTHOR | _LEADS,
    Action.REOPEN: _AUTHOR | _LEADS,
    Action.DELETE: _AUTHOR | _LEADS,
    Action.SET_UP: _LEADS,
}

# Nothing else that somebody is makes up for one of these.
SHUT_OUT = frozenset({Role.STRANGER, Role.BOT, Role.DEACTIVATED})


def is_lead(
    *,
    is_admin: bool,
    is_champion: bool,
    is_stranger: bool,
    is_bot: bool,
    is_deactivated: bool,
) -> bool:
    """Whether somebody with these facts acts for askers in a channel."""
    is_shut_out = is_stranger or is_bot or is_deactivated
    return (is_admin or is_champion) and not is_shut_out


_WHY_NOT: Mapping[Action, str] = {
    Action.ASK: "You can't ask here.",
    Action.MAKE_ASK: (
        "Only its author or one of the channel's champions can make this message"
        " an ask. To put your own problem to your peers, type `/ask`."
    ),
    Action.LOOK: "You can't offer help here.",
    Action.SAME: "You can't join this ask.",
    Action.MARK_HELPFUL: "You can't mark answers here.",
    Action.SOLVE: (
        "Only the person who asked, a champion or an admin can say what solved it."
        " Mark it helpful instead: that counts too."
    ),
    Action.EDIT: "Only the person who asked can edit the ask.",
    Action.CLOSE: "Only the person who asked, a champion or an admin can close it.",
    Action.REOPEN: "Only the person who asked, a champion or an admin can reopen it.",
    Action.DELETE: "Only the person who asked, a champion or an admin can delete it.",
    Action.SET_UP: (
        "Only this channel's champions and the workspace's admins can change its"
        " settings. `/backswing help` says what everybody can do."
    ),
}
_STRANGER = "That is for members of the workspace that Backswing belongs to."


def may(action: Action, roles: frozenset[Role]) -> bool:
    return not roles & SHUT_OUT and bool(roles & MAY[action])


def check(action: Action, roles: frozenset[Role]) -> None:
    """Raises Refusal, worded for the person, where they may not."""
    if may(action, roles):
        return
    raise Refusal(_STRANGER if Role.STRANGER in roles else _WHY_NOT[action])
