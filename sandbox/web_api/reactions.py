"""reactions.*: the app's own reactions, and reading those of others."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from sandbox.platform import payloads
from sandbox.web_api.methods import Args, Method, Platform
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json, Message

_NAME: Final = re.compile(r"([^\s:]{1,100})(?:::skin-tone-[2-6])?\Z")
_STANDARD_EMOJI_FILE: Final = Path(__file__).parent.parent / "static" / "emoji.json"
# The most different emoji on a message: by one person, and in all.
_MAX_PER_PERSON, _MAX_PER_MESSAGE = 23, 50


@cache
def _standard_emoji() -> frozenset[str]:
    """Return Slack's standard emoji, from the file that the page's build writes."""
    return frozenset(json.loads(_STANDARD_EMOJI_FILE.read_text(encoding="utf-8")))


def _emoji(platform: Platform, args: Args) -> str:
    name = args.text("name").strip(":")
    if not name:
        raise SlackError("invalid_name")
    match = _NAME.match(name)
    known = match and (
        match[1] in _standard_emoji() or match[1] in platform.workspace.custom_emoji
    )
    if not known:
        raise SlackError("invalid_name")
    return name


def _message(platform: Platform, args: Args) -> Message:
    workspace = platform.workspace
    if "channel" not in args or "timestamp" not in args:
        raise SlackError("no_item_specified")
    room = workspace.channels.get(args.text("channel"))
    if room is None or (room.is_private and not workspace.has_bot(room)):
        raise SlackError("channel_not_found")
    if not workspace.has_bot(room):
        raise SlackError("not_in_channel")
    message = room.messages.get(args.text("timestamp"))
    if message is None or message.deleted:
        raise SlackError("message_not_found")
    return message


def add(platform: Platform, args: Args) -> Json:
    name = _emoji(platform, args)
    message = _message(platform, args)
    if platform.workspace.channels[message.channel].is_archived:
        raise SlackError("is_archived")
    bot = platform.workspace.bot_user_id
    if name not in message.reactions and len(message.reactions) >= _MAX_PER_MESSAGE:
        raise SlackError("too_many_emoji")
    mine = [users for users in message.reactions.values() if bot in users]
    if len(mine) >= _MAX_PER_PERSON:
        raise SlackError("too_many_reactions")
    platform.messages.add_reaction(bot, message, name)
    return {}


def remove(platform: Platform, args: Args) -> Json:
    name = _emoji(platform, args)
    message = _message(platform, args)
    platform.messages.remove_reaction(platform.workspace.bot_user_id, message, name)
    return {}


def get(platform: Platform, args: Args) -> Json:
    message = _message(platform, args)
    shown = payloads.message(platform.workspace, message)
    shown["permalink"] = (
        f"{platform.url()}/archives/{message.channel}/p{message.ts.replace('.', '')}"
    )
    return {"type": "message", "channel": message.channel, "message": shown}


METHODS: Final = {
    "reactions.add": Method(add, ("reactions:write",)),
    "reactions.remove": Method(remove, ("reactions:write",), per_minute=20),
    "reactions.get": Method(get, ("reactions:read",)),
}
