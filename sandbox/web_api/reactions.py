"""reactions.*: the app's own reactions, and reading everyone's."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from sandbox import shapes
from sandbox.records import Json, Message
from sandbox.refusals import SlackError
from sandbox.web_api.methods import Args, Method, Slack

_NAME: Final = re.compile(r"([^\s:]{1,100})(?:::skin-tone-[2-6])?\Z")
_STANDARD: Final = Path(__file__).parent.parent / "static" / "emoji.json"
# A message takes 23 different emoji from one person, and 50 in all.
_MOST_OF_ONE, _MOST_IN_ALL = 23, 50


@cache
def _known() -> frozenset[str]:
    """Return Slack's standard emoji; the page's build writes them."""
    return frozenset(json.loads(_STANDARD.read_text(encoding="utf-8")))


def _emoji(slack: Slack, args: Args) -> str:
    name = args.text("name").strip(":")
    if not name:
        raise SlackError("invalid_name")
    found = _NAME.match(name)
    known = found and (found[1] in _known() or found[1] in slack.workspace.custom_emoji)
    if not known:
        raise SlackError("invalid_name")
    return name


def _message(slack: Slack, args: Args) -> Message:
    workspace = slack.workspace
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


def add(slack: Slack, args: Args) -> Json:
    name = _emoji(slack, args)
    message = _message(slack, args)
    if slack.workspace.channels[message.channel].is_archived:
        raise SlackError("is_archived")
    bot = slack.workspace.bot_user_id
    if name not in message.reactions and len(message.reactions) >= _MOST_IN_ALL:
        raise SlackError("too_many_emoji")
    mine = [users for users in message.reactions.values() if bot in users]
    if len(mine) >= _MOST_OF_ONE:
        raise SlackError("too_many_reactions")
    slack.messages.react(bot, message, name)
    return {}


def remove(slack: Slack, args: Args) -> Json:
    name = _emoji(slack, args)
    message = _message(slack, args)
    slack.messages.unreact(slack.workspace.bot_user_id, message, name)
    return {}


def get(slack: Slack, args: Args) -> Json:
    message = _message(slack, args)
    shown = shapes.message(slack.workspace, message)
    shown["permalink"] = (
        f"{slack.url()}/archives/{message.channel}/p{message.ts.replace('.', '')}"
    )
    return {"type": "message", "channel": message.channel, "message": shown}


METHODS: Final = {
    "reactions.add": Method(add, ("reactions:write",)),
    "reactions.remove": Method(remove, ("reactions:write",), per_minute=20),
    "reactions.get": Method(get, ("reactions:read",)),
}
