"""conversations.create, invite and kick: private channels that the app makes."""

import re
from typing import Final

from sandbox.platform import payloads
from sandbox.web_api.methods import (
    Args,
    Method,
    Platform,
    require_channel,
    require_scope,
)
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Channel, Json

_MAX_NAME: Final = 80
_NAME: Final = re.compile(r"[a-z0-9_-]+")


def create(platform: Platform, args: Args) -> Json:
    workspace, name = platform.workspace, args.text("name")
    is_private = args.flag("is_private")
    require_scope(platform, "groups:write" if is_private else "channels:manage")
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > _MAX_NAME:
        raise SlackError("invalid_name_maxlength")
    if not name.strip("-_"):
        raise SlackError("invalid_name_punctuation")
    if not _NAME.fullmatch(name):
        raise SlackError("invalid_name_specials")
    if any(room.name == name for room in workspace.channels.values()):
        raise SlackError("name_taken")
    bot = workspace.bot_user_id
    room = Channel(
        id=workspace.next_id("C"),
        name=name,
        created=int(workspace.now()),
        creator=bot,
        members=[bot],
        is_private=is_private,
    )
    workspace.channels[room.id] = room
    platform.messages.member_joined(room, bot, None)
    return {"channel": payloads.channel(workspace, room)}


def _room(platform: Platform, args: Args) -> Channel:
    room = require_channel(platform, args, "")
    if room.is_im or room.is_mpim:
        raise SlackError("method_not_supported_for_channel_type")
    require_scope(platform, "groups:write" if room.is_private else "channels:manage")
    if not platform.workspace.has_bot(room):
        raise SlackError("not_in_channel")
    return room


def invite(platform: Platform, args: Args) -> Json:
    workspace, room = platform.workspace, _room(platform, args)
    users = list(dict.fromkeys(filter(None, args.text("users").split(","))))
    if not users:
        raise SlackError("no_user")
    if room.is_archived:
        raise SlackError("is_archived")
    for user in users:
        person = workspace.people.get(user)
        if user == workspace.bot_user_id:
            raise SlackError("cant_invite_self")
        if person is None:
            raise SlackError("user_not_found")
        if person.deleted or person.is_stranger:
            raise SlackError("cant_invite")
        if person.is_ultra_restricted:
            raise SlackError("user_is_ultra_restricted")
        if user in room.members:
            raise SlackError("already_in_channel")
    for user in users:
        room.members.append(user)
        platform.messages.member_joined(room, user, workspace.bot_user_id)
    return {"channel": payloads.channel(workspace, room)}


def kick(platform: Platform, args: Args) -> Json:
    workspace, room = platform.workspace, _room(platform, args)
    user = args.text("user")
    if user == workspace.bot_user_id:
        raise SlackError("cant_kick_self")
    if user not in workspace.people:
        raise SlackError("user_not_found")
    if user not in room.members:
        raise SlackError("not_in_channel")
    platform.messages.member_left(room, user)
    return {}


METHODS: Final = {
    "conversations.create": Method(
        create, ("groups:write", "channels:manage"), per_minute=20
    ),
    "conversations.invite": Method(invite, ("groups:write", "channels:manage")),
    "conversations.kick": Method(kick, ("groups:write", "channels:manage")),
}
