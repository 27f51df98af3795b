"""conversations.*: what the app may know of channels, and read in them."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox import shapes
from sandbox.records import Channel, Json, Message
from sandbox.refusals import SlackError
from sandbox.web_api.methods import Args, Method, Slack, need_scope, page, room_for
from sandbox.workspace import micros_of

_READ: Final = ("channels:read", "groups:read", "mpim:read", "im:read")
_HISTORY: Final = (
    "channels:history",
    "groups:history",
    "mpim:history",
    "im:history",
)
_TYPES: Final = {
    "public_channel": ("channels:read", "channel"),
    "private_channel": ("groups:read", "group"),
    "im": ("im:read", "im"),
    "mpim": ("mpim:read", "mpim"),
}


def info(slack: Slack, args: Args) -> Json:
    room = room_for(slack, args, "read")
    return {"channel": shapes.channel(slack.workspace, room)}


def open_(slack: Slack, args: Args) -> Json:
    workspace = slack.workspace
    if given := args.optional("channel"):
        room = workspace.channels.get(given)
        if room is None or not room.is_im:
            raise SlackError("channel_not_found")
    else:
        users = [u for u in args.text("users").split(",") if u]
        if not users:
            raise SlackError("users_list_not_supplied")
        if len(users) > 1:
            need_scope(slack, "mpim:write")
            raise SlackError("method_not_supported_for_channel_type")
        need_scope(slack, "im:write")
        person = workspace.people.get(users[0])
        if person is None:
            raise SlackError("user_not_found")
        if person.deleted:
            raise SlackError("user_disabled")
        if person.is_bot:
            raise SlackError("cannot_dm_bot")
        room = workspace.im(person.id)
    if args.flag("return_im"):
        return {"channel": shapes.channel(workspace, room)}
    return {"channel": {"id": room.id}}


def _bound(args: Args, name: str, default: str) -> Decimal:
    try:
        return Decimal(args.text(name) or default)
    except InvalidOperation:
        raise SlackError(f"invalid_ts_{name}") from None


def _between(args: Args) -> Callable[[Message], bool]:
    oldest = _bound(args, "oldest", "0")
    latest = _bound(args, "latest", "Infinity")
    inclusive = args.flag("inclusive")

    def inside(message: Message) -> bool:
        ts = Decimal(message.ts)
        if inclusive:
            return oldest <= ts <= latest
        return oldest < ts < latest

    return inside


def history(slack: Slack, args: Args) -> Json:
    room = room_for(slack, args, "history")
    inside = _between(args)
    found = sorted(
        (
            m
            for m in room.messages.values()
            if (m.is_parent or m.is_broadcast) and inside(m)
        ),
        key=lambda m: micros_of(m.ts),
        reverse=True,
    )
    return _messages(slack, args, found, default=100) | {"pin_count": 0}


def _messages(
    slack: Slack, args: Args, found: list[Message], *, default: int
) -> dict[str, Any]:
    shown, following = page(slack, args, found, default, 999)
    answer: Json = {
        "messages": [
            shapes.message(
                slack.workspace, m, with_metadata=args.flag("include_all_metadata")
            )
            for m in shown
        ],
        "has_more": bool(following["response_metadata"]["next_cursor"]),
    }
    return answer | (following if answer["has_more"] else {})


def replies(slack: Slack, args: Args) -> Json:
    room = room_for(slack, args, "history")
    parent = room.messages.get(args.text("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    if not parent.is_parent:
        return _messages(slack, args, [parent], default=1000)
    inside = _between(args)
    found = [m for m in slack.workspace.replies(room, parent.ts) if inside(m)]
    answer = _messages(slack, args, found, default=1000)
    # Slack shows the parent first on each page, whatever was asked for.
    first = shapes.message(
        slack.workspace, parent, with_metadata=args.flag("include_all_metadata")
    )
    answer["messages"] = [first, *answer["messages"]]
    return answer


def members(slack: Slack, args: Args) -> Json:
    room = room_for(slack, args, "read")
    shown, following = page(slack, args, room.members, 100, 1000)
    return {"members": shown, **following}


def rooms(slack: Slack, args: Args, *, of: str | None) -> list[Channel]:
    """The conversations of the asked types, or those of one person among them."""
    kinds = set()
    for name in (args.text("types") or "public_channel").split(","):
        if name.strip() not in _TYPES:
            raise SlackError("invalid_types")
        scope, kind = _TYPES[name.strip()]
        need_scope(slack, scope)
        kinds.add(kind)
    workspace = slack.workspace
    return [
        room
        for room in workspace.channels.values()
        if room.kind in kinds
        and (of is None or of in room.members)
        and (not room.is_private or workspace.has_bot(room))
        and not (args.flag("exclude_archived") and room.is_archived)
    ]


def list_(slack: Slack, args: Args) -> Json:
    found = rooms(slack, args, of=None)
    shown, following = page(slack, args, found, 100, 1000)
    listed = [shapes.channel(slack.workspace, room) for room in shown]
    return {"channels": listed, **following}


def of_user(slack: Slack, args: Args) -> Json:
    person = args.optional("user") or slack.workspace.bot_user_id
    if person not in slack.workspace.people:
        raise SlackError("user_not_found")
    found = rooms(slack, args, of=person)
    shown, following = page(slack, args, found, 100, 1000)
    listed = [shapes.channel(slack.workspace, room) for room in shown]
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
