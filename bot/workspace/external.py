"""Recognise members of other organisations in Slack's payloads."""

from collections.abc import Mapping
from typing import Any


def is_external_user(
    user: Mapping[str, Any], team_id: str, enterprise_id: str | None = None
) -> bool:
    """Return True if Slack's `user` object is of an external member.

    1. A member is external if Slack's `is_stranger` says so, or if their enterprise is
       not ours (`enterprise_id`).
    2. A member of our enterprise, or of several workspaces that include ours
       (`team_id`), is not external, whichever is their home workspace.
    3. Else the workspace of the object decides, or that of its profile. A member
       without either is not external.
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
    # A profile may name the enterprise itself, or another of its workspaces.
    is_in_grid = enterprise_id is not None or str(profile_team).startswith("E")
    return profile_team not in own_ids and not (user.get("team_id") and is_in_grid)


def names_workspace(user: Mapping[str, Any]) -> bool:
    """Return True if Slack's `user` object names the person's workspace at all."""
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
    """Return True if a message's author is an external member.

    `user_team` is the author's workspace; if it is missing, the message's workspace
    counts. In an enterprise, an unknown workspace may belong to it, so only the id of
    another enterprise (E…) counts.
    """
    profile = message.get("user_profile") or {}
    candidates = (
        message.get("user_team"),
        profile.get("team"),
        message.get("source_team"),
        message.get("team"),
    )
    author_team = next(
        (team for team in candidates if team and isinstance(team, str)), None
    )
    if author_team is None or author_team in {team_id, enterprise_id}:
        return False
    return enterprise_id is None or author_team.startswith("E")


def is_external_request(
    body: Mapping[str, Any], team_id: str, enterprise_id: str | None = None
) -> bool:
    """Return True if a click, form, shortcut or command is by an external member."""
    if "command" in body:
        user_team, user_enterprise = body.get("team_id"), body.get("enterprise_id")
    else:
        user_team = (body.get("user") or {}).get("team_id")
        user_enterprise = (body.get("enterprise") or {}).get("id")
    if user_enterprise and enterprise_id:
        return bool(user_enterprise != enterprise_id)
    return is_external_author({"user_team": user_team}, team_id, enterprise_id)
