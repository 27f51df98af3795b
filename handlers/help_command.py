"""Show help for `help` after any command, and for a command that is unknown."""

import logging
import re

from slack_bolt import App
from slack_sdk.models.blocks import SectionBlock

from bot.errors import UserError
from bot.runtime import Runtime, Transaction
from bot.workspace import channels
from handlers.interactions import HELP_PHRASES, Reply, Response, on_command
from handlers.payloads import SlashCommand
from handlers.requests import Request

log = logging.getLogger(__name__)

_ANY_COMMAND = re.compile(r"/\w+")
UNKNOWN_COMMAND = "I don't know that command.\n\n"


def register(app: App, rt: Runtime) -> None:
    """Register the phrases, which must come before listeners that take any text."""
    on_command(app, rt, _ANY_COMMAND, show_help, phrases=HELP_PHRASES)


def show_help(command: SlashCommand, request: Request, *, intro: str = "") -> Response:
    try:
        request.refresh(users=[command.actor], only_unknown=True)
    except UserError:
        # People without a profile see the help, too.
        log.warning("help shown without profile")
    with request.read() as tx:
        return help_reply(tx, command.channel_id, command.actor, intro=intro)


def explain_unknown(command: SlashCommand, request: Request) -> Response:
    """Show the help, and say why."""
    return show_help(command, request, intro=UNKNOWN_COMMAND)


def help_reply(tx: Transaction, channel: str, member: str, *, intro: str = "") -> Reply:
    """Build the help for a member in a channel, by its Slack id."""
    text = intro + tx.features.help_text(channels.find(tx, channel))
    more = tx.features.help_blocks(tx, member)
    return Reply(text, [SectionBlock(text=text), *more] if more else ())
