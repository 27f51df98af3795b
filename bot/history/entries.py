"""The parts of an export's entries that we read. What does not fit them is skipped."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
)

from bot.clock import moment

# Slack cuts a message off at 40,000 characters, and escapes some of them.
LONGEST_TEXT = 1_000_000


def _is_ts(value: str) -> str:
    try:
        moment(value)
    except OverflowError:
        raise ValueError("not a Slack ts") from None
    return value


SlackId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,40}$")]
Ts = Annotated[str, AfterValidator(_is_ts)]
Name = Annotated[str, StringConstraints(pattern=r"^[^/\\\x00-\x1f]+$", max_length=200)]
Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,60}$")]
# Slack leaves a field out, or writes null, where there is nothing to say.
_or_empty = BeforeValidator(lambda value: "" if value is None else value)
_or_nobody = BeforeValidator(lambda value: [] if value is None else value)


# Of a workspace, or of an organisation of several. What is no id says nothing.
Team = Annotated[
    str | None, BeforeValidator(lambda value: value if isinstance(value, str) else None)
]
_or_nothing = BeforeValidator(
    lambda value: value if isinstance(value, dict | None) else None
)


class Profile(BaseModel):
    team: Team = None
    display_name: str | None = None
    real_name: str | None = None


class Person(BaseModel):
    """An entry of users.json."""

    id: SlackId
    team_id: SlackId | None = None
    name: str | None = None
    real_name: str | None = None
    profile: Profile | None = None
    tz: Zone | None = None
    tz_offset: Any = None
    deleted: bool | None = None
    is_bot: bool | None = None
    is_admin: bool | None = None
    is_owner: bool | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None
    is_stranger: bool | None = None
    enterprise_user: dict[str, Any] | None = None


class Room(BaseModel):
    """An entry of channels.json or groups.json. Its folder is called by its name."""

    id: SlackId
    name: Name
    is_archived: bool = False
    is_private: bool = False


class Reactions(BaseModel):
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    users: Annotated[list[SlackId], _or_nobody] = Field(default_factory=list)


class Message(BaseModel):
    """An entry of a day's file."""

    ts: Ts
    user: SlackId | None = None
    text: Annotated[str, StringConstraints(max_length=LONGEST_TEXT), _or_empty] = ""
    subtype: str | None = None
    bot_id: str | None = None
    thread_ts: Ts | None = None
    # Where its author belongs to.
    user_team: Team = None
    source_team: Team = None
    team: Team = None
    user_profile: Annotated[dict[str, Any] | None, _or_nothing] = None
    reactions: Annotated[list[Reactions], _or_nobody] = Field(default_factory=list)

    @property
    def is_reply(self) -> bool:
        return self.thread_ts not in {None, self.ts}
