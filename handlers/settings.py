"""Handle `/backswing`: channel and workspace settings, and unknown commands."""

from functools import partial

from slack_bolt import App

from bot.runtime import Runtime, Transaction
from bot.settings import service as settings
from bot.settings.blocks import unknown_emoji
from bot.settings.forms import saved_view
from bot.workspace import channels
from handlers.help_command import explain_unknown, show_help
from handlers.interactions import (
    AfterAck,
    OpenView,
    Response,
    UpdateView,
    on_command,
    on_view,
    reads,
    refresh_channel,
    writes,
)
from handlers.payloads import SlashCommand, View, ViewSubmission
from handlers.requests import Request, best_effort
from models import Channel


def register(app: App, rt: Runtime) -> None:
    """Register the listeners. The last takes any text, so it must come after others."""
    on_command(app, rt, "/backswing", open_channel_form, phrases=("", "settings"))
    on_command(
        app, rt, "/backswing", reads(open_workspace_form), phrases=("workspace",)
    )
    champions = partial(_refresh_chosen, of_channel=True)
    on_view(app, rt, "settings", writes(save_channel, before=champions))
    leads = partial(_refresh_chosen, of_channel=False)
    on_view(app, rt, "workspace_settings", writes(save_workspace, before=leads))
    on_command(app, rt, "/backswing", explain_unknown)


def open_channel_form(command: SlashCommand, request: Request) -> Response:
    if not command.is_in_channel:
        return show_help(command, request)
    return reads(_channel_form, before=refresh_channel)(command, request)


def _channel_form(command: SlashCommand, tx: Transaction) -> Response:
    channel = channels.get_joined(tx, command.channel_id)
    return OpenView(settings.channel_form(tx, channel, by=command.actor))


def _refresh_chosen(
    form: ViewSubmission, request: Request, *, of_channel: bool
) -> None:
    """Refresh the person, and those whom they add to a list."""
    request.refresh(users=[form.actor])
    with request.read() as tx:
        channel = _channel(tx, form.view) if of_channel else None
        users = settings.newly_selected_users(tx, form.view, channel, by=form.actor)
    request.refresh(users=users)


def save_channel(form: ViewSubmission, tx: Transaction) -> Response:
    channel, by = _channel(tx, form.view), form.actor
    unknown = settings.update_channel(tx, channel, form.view, by=by)
    if not unknown:
        return None
    text = unknown_emoji(unknown)
    return AfterAck(
        partial(_tell_in_channel, channel=channel.slack_id, member=by, text=text)
    )


def _channel(tx: Transaction, view: View) -> Channel:
    return channels.get(tx, str(view.metadata().get("channel")))


def _tell_in_channel(request: Request, channel: str, member: str, text: str) -> None:
    with best_effort():
        request.slack.post_ephemeral(channel, member, text, [])


def open_workspace_form(command: SlashCommand, tx: Transaction) -> Response:
    return OpenView(settings.workspace_form(tx, by=command.actor))


def save_workspace(form: ViewSubmission, tx: Transaction) -> Response:
    unknown = settings.update_workspace(tx, form.view, by=form.actor)
    return UpdateView(saved_view(unknown_emoji(unknown))) if unknown else None
