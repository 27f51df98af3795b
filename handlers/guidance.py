"""Help: after every command, and in a conversation with the bot."""

from typing import Any

from slack_bolt import Ack, App

from bot.channels import service as channels
from bot.runtime import Runtime
from bot.settings import service as settings
from handlers.payloads import Command
from handlers.phrases import HELP, says


def register(bolt: App, rt: Runtime) -> None:
    """Before whoever listens to these commands for all the rest."""
    help_ = Help(rt)
    for command in ("/ask", "/kudos", "/backswing"):
        bolt.command(command, matchers=says(*HELP))(help_.command)


class Help:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def command(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Command.model_validate(body)
        with self._rt.reads() as session:
            channel = channels.find(session, self._rt.workspace.id, asked.channel_id)
            text = settings.help_text(channel)
        ack(text)
