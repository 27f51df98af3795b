"""Show help for `help` after any command."""

import re

from slack_bolt import App

from bot.runtime import Runtime
from bot.workspace import channels
from handlers.interactions import HELP_PHRASES, Reply, Response, on_command
from handlers.payloads import SlashCommand
from handlers.requests import Request

_ANY_COMMAND = re.compile(r"/\w+")


def register(app: App, rt: Runtime) -> None:
    """Register the phrases, which must come before listeners that take any text."""
    on_command(app, rt, _ANY_COMMAND, show_help, phrases=HELP_PHRASES)


def show_help(command: SlashCommand, request: Request) -> Response:
    with request.read() as tx:
        return Reply(tx.features.help_text(channels.find(tx, command.channel_id)))
