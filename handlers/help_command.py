"""Help: after every command, and in a conversation with the bot."""

from slack_bolt import App

from bot.runtime import Runtime
from bot.settings import service as settings
from bot.workspace import channels
from handlers.interactions import HELP_PHRASES, Reply, Response, on_command
from handlers.payloads import SlashCommand
from handlers.requests import Request


def register(app: App, rt: Runtime) -> None:
    """To be called before the listeners that take every other text of a command."""
    for command in ("/ask", "/kudos", "/backswing"):
        on_command(app, rt, command, show_help, phrases=HELP_PHRASES)


def show_help(command: SlashCommand, request: Request) -> Response:
    with request.read() as tx:
        return Reply(settings.help_text(tx, channels.find(tx, command.channel_id)))
