"""The part of Slack's user object that events and exports have in common."""

from typing import Any

from pydantic import BaseModel


class SlackUserFields(BaseModel):
    """The fields that both models of Slack's user object share.

    Slack leaves an unknown field out, or sends null.
    """

    name: str | None = None
    real_name: str | None = None
    # Used if `tz` is missing. Anything but a number is ignored.
    tz_offset: Any = None
    deleted: bool | None = None
    is_bot: bool | None = None
    is_admin: bool | None = None
    is_owner: bool | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None
    is_stranger: bool | None = None
    # In an organisation of several workspaces.
    enterprise_user: dict[str, Any] | None = None
