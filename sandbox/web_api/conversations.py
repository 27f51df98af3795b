"""conversations.*: reading channels and their messages."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox.platform import payloads
from sandbox.web_api.methods import (
    Args,
    Method,
    Platform,
    paginate,
    require_channel,
    require_scope,
)
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Channel, Json, Message
from sandbox.workspace.workspace import ts_micros

_READ: Final = ("channels:read", "groups:read", "mpim:read", "im:read")
_HISTORY: Final = (
    "channels:history",
    "groups:history",
    "mpim:history",
    "im:history",
)
# People in a group of direct messages, besides the app.
_MAX_GROUP: Final = 8
_TYPES: Final = {
    "public_channel": ("channels:read", "channel"),
    "private_channel": ("groups:read", "group"),
    "im": ("im:read", "im"),
    "mpim": ("mpim:read", "mpim"),
}


def info(platform: Platform, args: Args) -> Json:
    room = require_channel(platform, args, "read")
    return {"channel": payloads.channel(platform.workspace, room)}


def open_(platform: Platform, args: Args) -> Json:
    workspace = platform.workspace
    if given := args.optional("channel"):
        room = workspace.channels.get(given)
        if room is None or not room.is_im:
            raise SlackError("channel_not_found")
    else:
        users = list(dict.fromkeys(filter(None, args.text("users").split(","))))
        if not users:
            raise SlackError("users_list_not_supplied")
        require_scope(platform, "mpim:write" if len(users) > 1 else "im:write")
        if len(users) > _MAX_GROUP:
            raise SlackError("too_many_users")
        for user in users:
            person = workspace.people.get(user)
            if person is None:
                raise SlackError("user_not_found")
            if person.deleted:
                raise SlackError("user_disabled")
            if person.is_bot:
                raise SlackError("cannot_dm_bot")
        room = workspace.mpim(users) if len(users) > 1 else workspace.im(users[0])
    if args.flag("return_im"):
        return {"channel": payloads.channel(workspace, room)}
    return {"channel": {"id": room.id}}


def _bound(args: Args, name: str, default: str) -> Decimal:
    try:
        return Decimal(args.text(name) or default)
    except InvalidOperation:
        raise SlackError(f"invalid_ts_{name}") from None


def _is_in_range(args: Args) -> Callable[[Message], bool]:
    oldest = _bound(args, "oldest", "0")
    latest = _bound(args, "latest", "Infinity")
    inclusive = args.flag("inclusive")

    def inside(message: Message) -> bool:
        ts = Decimal(message.ts)
        if inclusive:
            return oldest <= ts <= latest
        return oldest < ts < latest

    return inside


def history(platform: Platform, args: Args) -> Json:
    room = require_channel(platform, args, "history")
    inside = _is_in_range(args)
    messages = sorted(
        (
            m
            for m in room.messages.values()
            if (m.is_parent or m.is_broadcast) and inside(m)
        ),
        key=lambda m: ts_micros(m.ts),
        reverse=True,
    )
    return _messages(platform, args, messages, default=100) | {"pin_count": 0}


def _messages(
    platform: Platform, args: Args, messages: list[Message], *, default: int
) -> dict[str, Any]:
    shown, following = paginate(platform, args, messages, default, 999)
    response: Json = {
        "messages": [
            payloads.message(
                platform.workspace, m, with_metadata=args.flag("include_all_metadata")
            )
            for m in shown
        ],
        "has_more": bool(following["response_metadata"]["next_cursor"]),
    }
    return response | (following if response["has_more"] else {})


def replies(platform: Platform, args: Args) -> Json:
    room = require_channel(platform, args, "history")
    parent = room.messages.get(args.text("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    if not parent.is_parent:
        return _messages(platform, args, [parent], default=1000)
    inside = _is_in_range(args)
    messages = [m for m in platform.workspace.replies(room, parent.ts) if inside(m)]
    response = _messages(platform, args, messages, default=1000)
    # Slack shows the parent first on each page, whatever the arguments.
    first = payloads.message(
        platform.workspace, parent, with_metadata=args.flag("include_all_metadata")
    )
    response["messages"] = [first, *response["messages"]]
    return response


def members(platform: Platform, args: Args) -> Json:
    room = require_channel(platform, args, "read")
    shown, following = paginate(platform, args, room.members, 100, 1000)
    return {"members": shown, **following}


def select_channels(
    platform: Platform, args: Args, *, person_id: str | None
) -> list[Channel]:
    """Return the conversations of the given types, or one person's among them."""
    kinds = set()
    for name in (args.text("types") or "public_channel").split(","):
        if name.strip() not in _TYPES:
            raise SlackError("invalid_types")
        scope, kind = _TYPES[name.strip()]
        require_scope(platform, scope)
        kinds.add(kind)
    workspace = platform.workspace
    return [
        room
        for room in workspace.channels.values()
        if room.kind in kinds
        and (person_id is None or person_id in room.members)
        and (not room.is_private or workspace.has_bot(room))
        and not (args.flag("exclude_archived") and room.is_archived)
    ]


def list_(platform: Platform, args: Args) -> Json:
    channels = select_channels(platform, args, person_id=None)
    shown, following = paginate(platform, args, channels, 100, 1000)
    listed = [payloads.channel(platform.workspace, room) for room in shown]
    return {"channels": listed, **following}


def of_user(platform: Platform, args: Args) -> Json:
    person = args.optional("user") or platform.workspace.bot_user_id
    if person not in platform.workspace.people:
        raise SlackError("user_not_found")
    channels = select_channels(platform, args, person_id=person)
    shown, following = paginate(platform, args, channels, 100, 1000)
    listed = [payloads.channel(platform.workspace, room) for room in shown]
    return {"channels": listed, **following}


METHODS: Final = {
    "conversations.info": Method(info, _READ),
    "conversations.open": Method(open_, ("im:write", "mpim:write")),
    "conversations.history": Method(history, _HISTORY),
    "conversations.replies": Method(replies, _HISTORY),
    "conversations.members": Method(members, _READ, per_minute=100),
    "conversations.list": Method(list_, _READ, per_minute=20),
    "users.conversations": Method(of_user, _READ, per_minute=20),
}
