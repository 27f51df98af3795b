"""Help: after every command, and in a conversation with the bot."""

from typing import Any

from slack_bolt import Ack, App

from bot.runtime import Runtime
from bot.settings import service as settings
from bot.workspace import channels
from handlers.interactions import HELP_PHRASES, subcommand
from handlers.payloads import SlashCommand


def register(bolt: App, rt: Runtime) -> None:
    """Before whoever listens to these commands for all the rest."""
    help_ = Help(rt)
    for command in ("/ask", "/kudos", "/backswing"):
        bolt.command(command, matchers=subcommand(*HELP_PHRASES))(help_.command)


class Help:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def command(self, body: dict[str, Any], ack: Ack) -> None:
        asked = SlashCommand.model_validate(body)
        with self._rt.read(self._rt.workspace) as tx:
            channel = channels.find(tx, asked.channel_id)
            text = settings.help_text(tx, channel)
        ack(text)
