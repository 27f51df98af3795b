"""Models for the parts of an export's entries that the import reads.

An entry that does not fit its model is skipped.
"""

import unicodedata
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
)

from bot.clock import ts_to_datetime
from bot.workspace.slack_user import SlackUserFields

# Slack cuts a message off at 40,000 characters, and escapes some of them.
MAX_TEXT_LENGTH = 1_000_000


def _validate_ts(value: str) -> str:
    try:
        ts_to_datetime(value)
    except OverflowError:
        raise ValueError("not a Slack ts") from None
    return value


SlackId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,40}$")]
Ts = Annotated[str, AfterValidator(_validate_ts)]


def to_nfc(name: str) -> str:
    """Return the name in NFC: file systems may decompose accents."""
    return unicodedata.normalize("NFC", name)


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[^/\\\x00-\x1f]+$", max_length=200),
    AfterValidator(to_nfc),
]
Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,60}$")]


def _without_nulls(value: object) -> object:
    if isinstance(value, list):
        return [entry for entry in value if entry is not None]
    return [] if value is None else value


# Slack leaves an empty field out, or writes null.
_or_empty = BeforeValidator(lambda value: "" if value is None else value)
_or_none = BeforeValidator(lambda value: None if value == "" else value)
_number_or_none = BeforeValidator(
    lambda value: value if isinstance(value, int) else None
)
_or_empty_list = BeforeValidator(_without_nulls)
_or_false = BeforeValidator(lambda value: False if value is None else value)
# A field of another type than text counts as missing; the entry stays valid.
NullableStr = Annotated[
    str | None, BeforeValidator(lambda value: value if isinstance(value, str) else None)
]
_or_nothing = BeforeValidator(
    lambda value: value if isinstance(value, dict | None) else None
)


class Profile(BaseModel):
    # The id of a workspace, or of an organisation of several.
    team: NullableStr = None
    display_name: NullableStr = None
    real_name: NullableStr = None
    name: NullableStr = None


class ExportUser(SlackUserFields):
    """An entry of users.json."""

    id: SlackId
    team_id: SlackId | None = None
    profile: Profile | None = None
    tz: Zone | None = None


class ExportChannel(BaseModel):
    """An entry of channels.json or groups.json. Its folder has the channel's name."""

    id: SlackId
    name: Name
    is_archived: Annotated[bool, _or_false] = False
    is_private: Annotated[bool, _or_false] = False
    creator: Annotated[SlackId | None, _or_none] = None


class ExportReaction(BaseModel):
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    users: Annotated[list[SlackId], _or_empty_list] = Field(default_factory=list)
    count: Annotated[int | None, _number_or_none] = None

    @property
    def unnamed_count(self) -> int:
        """Count the people who reacted but whom Slack does not name."""
        return max(0, (self.count or 0) - len(self.users))


class ExportEdit(BaseModel):
    ts: Ts


class ExportMessage(BaseModel):
    """An entry of a day's file."""

    ts: Ts
    user: Annotated[SlackId | None, _or_none] = None
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT_LENGTH), _or_empty] = ""
    subtype: str | None = None
    bot_id: str | None = None
    thread_ts: Annotated[Ts | None, _or_none] = None
    edited: ExportEdit | None = None
    # Workspaces of the author and of the message.
    user_team: NullableStr = None
    source_team: NullableStr = None
    team: NullableStr = None
    user_profile: Annotated[Profile | None, _or_nothing] = None
    reactions: Annotated[list[ExportReaction], _or_empty_list] = Field(
        default_factory=list
    )

    @property
    def is_reply(self) -> bool:
        return self.thread_ts not in {None, self.ts}
