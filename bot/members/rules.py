"""Who may do what: one table, read by the code and by its test."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
    MAKE_ASK = "make an ask of a message"
    OFFER_HELP = "say that they can help"
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
    EDIT_OWN_SETTINGS = "choose what the bot does for themselves"
    MANAGE_OWN_DATA = "see or remove what is kept of themselves"


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


def is_external_user(
    user: Mapping[str, Any], team_id: str, enterprise_id: str | None = None
) -> bool:
    """Whether Slack's `user` object is of somebody from another organisation.

    1. Slack says so, or names another enterprise than ours (`enterprise_id`).
    2. Somebody of our enterprise, or of a workspace list that has ours (`team_id`), is
       one of us, whatever their home workspace is.
    3. Else the workspace that the object names decides, and then the one that its
       profile names. Where none is named, the person is one of us.
    """
    if user.get("is_stranger"):
        return True
    grid = user.get("enterprise_user") or {}
    user_enterprise = grid.get("enterprise_id")
    if user_enterprise and enterprise_id:
        return bool(user_enterprise != enterprise_id)
    if team_id in (grid.get("teams") or ()):
        return False
    own_ids = {None, "", team_id, enterprise_id}
    if user_enterprise not in own_ids or user.get("team_id") not in own_ids:
        return True
    profile_team = (user.get("profile") or {}).get("team")
    # In an enterprise a profile may name it, or another workspace of it.
    is_of_grid = enterprise_id is not None or str(profile_team).startswith("E")
    return profile_team not in own_ids and not (user.get("team_id") and is_of_grid)


def names_workspace(user: Mapping[str, Any]) -> bool:
    """Whether Slack's `user` object says at all where somebody belongs."""
    profile = user.get("profile") or {}
    return bool(
        user.get("team_id")
        or user.get("enterprise_user")
        or profile.get("team")
        or user.get("is_stranger") is not None
    )


def is_external_author(
    message: Mapping[str, Any], team_id: str, enterprise_id: str | None = None
) -> bool:
    """Whether a message says that its author belongs to another organisation.

    `user_team` is the author's. Where it is missing, the place that the message was
    sent from says it. In an enterprise a workspace that we don't know may be one of
    ours: only another enterprise's id (E…) tells then.
    """
    profile = message.get("user_profile") or {}
    candidates = (
        message.get("user_team"),
        profile.get("team"),
        message.get("source_team"),
        message.get("team"),
    )
    author_team = next(
        (one for one in candidates if one and isinstance(one, str)), None
    )
    if author_team is None or author_team in {team_id, enterprise_id}:
        return False
    return enterprise_id is None or author_team.startswith("E")


def is_external_request(
    body: Mapping[str, Any], team_id: str, enterprise_id: str | None = None
) -> bool:
    """Whether a click, a form, a shortcut or a command is another organisation's."""
    if "command" in body:
        user_team, user_enterprise = body.get("team_id"), body.get("enterprise_id")
    else:
        user_team = (body.get("user") or {}).get("team_id")
        user_enterprise = (body.get("enterprise") or {}).get("id")
    if user_enterprise and enterprise_id:
        return bool(user_enterprise != enterprise_id)
    return is_external_author({"user_team": user_team}, team_id, enterprise_id)


@dataclass(frozen=True, slots=True)
class Names:
    """How Slack calls a person: as they like, in full, and uniquely."""

    name: str
    full_name: str = ""
    handle: str = ""


def disambiguate(people: Mapping[str, Names]) -> dict[str, str]:
    """A name for each person who has one, unlike those of the others.

    People of the same name are called by their full names, and where these are the
    same, too, by their handles.
    """
    shown = {person: names.name for person, names in people.items() if names.name}
    for longer in (_full_name, _with_handle):
        counts = Counter(name.casefold() for name in shown.values())
        shown = {
            person: longer(people[person]) if counts[name.casefold()] > 1 else name
            for person, name in shown.items()
        }
    return shown


def _full_name(names: Names) -> str:
    return names.full_name or names.name


def _with_handle(names: Names) -> str:
    name = _full_name(names)
    return f"{name} (@{names.handle})" if names.handle else name


_VACATION_EMOJI = frozenset({"palm_tree", "desert_island", "beach_with_umbrella"})
_VACATION = re.compile(
    r"\b(?:vacation(?:ing)?|on (?:\w+ )?(?:leave|holidays?)|annual leave|ooo"
    r"|out of (?:the )?office|pto|urlaub|vacances|vacaciones|ferien|loma(?:lla)?)\b",
    re.IGNORECASE,
)


def is_on_vacation(status_emoji: str, status_text: str) -> bool:
    """Whether a status of Slack's profile says so: ":palm_tree:", "On vacation"."""
    return status_emoji.strip(":") in _VACATION_EMOJI or bool(
        _VACATION.search(status_text)
    )
