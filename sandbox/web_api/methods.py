"""A Web API method: its handler, scopes, rate and arguments."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from sandbox.platform.files import FileStore
from sandbox.platform.messages import MessageStore
from sandbox.platform.views import ViewStore
from sandbox.workspace.errors import SlackError, missing_scope
from sandbox.workspace.records import Channel, Json
from sandbox.workspace.workspace import Workspace

_T = TypeVar("_T")
_TRUE: Final = {"1", "true", "True", "yes"}


@dataclass(frozen=True, slots=True)
class Platform:
    """The parts of the pretend Slack that methods use."""

    workspace: Workspace
    messages: MessageStore
    files: FileStore
    views: ViewStore
    url: Callable[[], str]
    open_socket: Callable[[], str]
    history_limit: int | None = None


class Args:
    """A call's arguments, from JSON or a form."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {k: v for k, v in values.items() if v is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def optional(self, name: str) -> str | None:
        return self.text(name) if self.values.get(name) not in (None, "") else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.values.get(name, default)
        return value if isinstance(value, bool) else str(value) in _TRUE

    def number(self, name: str, default: int, maximum: int) -> int:
        try:
            value = int(self.values.get(name) or default)
        except (TypeError, ValueError):
            raise SlackError("invalid_arguments", f"[ERROR] {name}") from None
        if value < 0:
            raise SlackError("invalid_limit")
        return min(value, maximum)

    def structure(self, name: str, error: str) -> Any:
        """Return a structured argument; a form sends it as JSON in a text."""
        value = self.values.get(name)
        if isinstance(value, str) and value:
            try:
                return json.loads(value)
            except ValueError:
                raise SlackError(error) from None
        return value if value != "" else None


Handler: TypeAlias = Callable[[Platform, Args], Json]


@dataclass(frozen=True, slots=True)
class Method:
    handler: Handler
    # Any of them is enough; the conversation's type decides which exactly.
    scopes: tuple[str, ...] = ()
    per_minute: int = 50
    with_app_token: bool = False


def require_scope(platform: Platform, scope: str) -> None:
    if scope not in platform.workspace.scopes:
        raise missing_scope(scope, platform.workspace.scopes)


_SCOPE_PREFIXES: Final = {
    "channel": "channels",
    "group": "groups",
    "im": "im",
    "mpim": "mpim",
}


def require_channel(platform: Platform, args: Args, ability: str) -> Channel:
    """Return the channel in the arguments, if the app may see it and use it."""
    workspace = platform.workspace
    room = workspace.channels.get(args.text("channel"))
    if room is None:
        raise SlackError("channel_not_found")
    if ability:
        require_scope(platform, f"{_SCOPE_PREFIXES[room.kind]}:{ability}")
    if not workspace.has_bot(room):
        if room.is_private:
            raise SlackError("channel_not_found")
        if ability == "history":
            raise SlackError("not_in_channel")
    return room


def paginate(
    platform: Platform, args: Args, items: list[_T], default_limit: int, max_limit: int
) -> tuple[list[_T], Json]:
    """Return one page of `items`, and the metadata with the next cursor."""
    max_limit = min(max_limit, platform.history_limit or max_limit)
    limit = (
        args.number("limit", min(default_limit, max_limit), max_limit) or default_limit
    )
    start = 0
    if cursor := args.optional("cursor"):
        try:
            start = int(base64.b64decode(cursor, validate=True).removeprefix(b"next:"))
        except (binascii.Error, ValueError):
            raise SlackError("invalid_cursor") from None
    following = ""
    if start + limit < len(items):
        following = base64.b64encode(b"next:%d" % (start + limit)).decode()
    return items[start : start + limit], {
        "response_metadata": {"next_cursor": following}
    }
