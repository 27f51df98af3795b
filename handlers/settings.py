"""`/backswing`: the settings of a channel and of the workspace; help for the rest."""

from typing import Any

from slack_bolt import Ack, App

from bot.errors import UserError
from bot.runtime import Runtime
from bot.settings import service as settings
from bot.settings.blocks import unknown_emoji
from bot.settings.forms import saved_view
from bot.slack.blocks import NOT_IN_CHANNEL
from bot.workspace import channels, sync
from handlers.help_command import Help
from handlers.interactions import subcommand
from handlers.payloads import SlashCommand, ViewSubmission
from handlers.requests import best_effort

_UNKNOWN_CHANNEL = "I don't know that channel any more; open the form again."


def register(bolt: App, rt: Runtime) -> None:
    """After every other listener to `/backswing`: the last one takes all the rest."""
    forms = SettingsForms(rt)
    bolt.command("/backswing", matchers=subcommand("", "settings"))(
        forms.open_channel_form
    )
    bolt.command("/backswing", matchers=subcommand("workspace"))(
        forms.open_workspace_form
    )
    bolt.view("settings")(forms.save_channel)
    bolt.view("workspace_settings")(forms.save_workspace)
    bolt.command("/backswing")(forms.help.command)


class SettingsForms:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self.help = Help(rt)

    def open_channel_form(self, body: dict[str, Any], ack: Ack) -> None:
        asked = SlashCommand.model_validate(body)
        if not asked.is_in_channel:
            self.help.command(body, ack)
            return
        sync.refresh(
            self._rt,
            users=[asked.user_id],
            channel=asked.channel_id,
            command_user=asked.user_id,
        )
        with self._rt.read(self._rt.workspace) as tx:
            channel = channels.find(tx, asked.channel_id)
            if channel is None or not channel.is_joined:
                raise UserError(NOT_IN_CHANNEL)
            view = settings.channel_form(tx, channel, by=asked.user_id)
        self._rt.slack.open_view(asked.trigger_id, view)
        ack()

    def save_channel(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        by = form.user.id
        meant = str(form.view.metadata().get("channel"))
        sync.refresh(self._rt, users=[by])
        with self._rt.read(self._rt.workspace) as tx:
            channel = channels.find(tx, meant)
            if channel is None:
                raise UserError(_UNKNOWN_CHANNEL)
            new = settings.newly_selected_users(tx, form.view, channel, by=by)
        sync.refresh(self._rt, users=new)
        with self._rt.write(self._rt.workspace) as tx:
            channel = channels.find(tx, meant)
            if channel is None:
                raise UserError(_UNKNOWN_CHANNEL)
            unknown = settings.update_channel(tx, channel, form.view, by=by)
        ack()
        if unknown:
            with best_effort():
                self._rt.slack.post_ephemeral(meant, by, unknown_emoji(unknown), [])

    def open_workspace_form(self, body: dict[str, Any], ack: Ack) -> None:
        asked = SlashCommand.model_validate(body)
        self._open_workspace_view(asked.user_id, asked.trigger_id)
        ack()

    def _open_workspace_view(self, by: str, trigger_id: str) -> None:
        sync.refresh(self._rt, users=[by])
        with self._rt.read(self._rt.workspace) as tx:
            view = settings.workspace_form(tx, by=by)
        self._rt.slack.open_view(trigger_id, view)

    def save_workspace(self, body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        by = form.user.id
        sync.refresh(self._rt, users=[by])
        with self._rt.read(self._rt.workspace) as tx:
            new = settings.newly_selected_users(tx, form.view, by=by)
        sync.refresh(self._rt, users=new)
        with self._rt.write(self._rt.workspace) as tx:
            unknown = settings.update_workspace(tx, form.view, by=by)
        if unknown:
            ack(response_action="update", view=saved_view(unknown_emoji(unknown)))
        else:
            ack()
