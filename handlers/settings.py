"""`/backswing`: the settings of a channel and of the workspace; help for the rest."""

from typing import Any

from slack_bolt import Ack, App

from bot.asks.forms import INVITE
from bot.channels import service as channels
from bot.errors import Refusal
from bot.facts import service as facts
from bot.runtime import Runtime
from bot.settings import service as settings
from bot.settings.blocks import unknown_emoji
from bot.settings.forms import saved
from handlers.courtesy import courtesy
from handlers.guidance import Help
from handlers.payloads import Command, Submitted
from handlers.phrases import says

_GONE = "I don't know that channel any more; open the form again."


def register(bolt: App, rt: Runtime) -> None:
    """After every other listener to `/backswing`: the last one takes all the rest."""
    forms = Forms(rt)
    bolt.command("/backswing", matchers=says("", "settings"))(forms.channel)
    bolt.command("/backswing", matchers=says("workspace"))(forms.workspace)
    bolt.view("settings")(forms.channel_submitted)
    bolt.view("workspace_settings")(forms.workspace_submitted)
    bolt.command("/backswing")(forms.help.command)


class Forms:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self.help = Help(rt)

    def channel(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Command.model_validate(body)
        if not asked.is_in_channel:
            self.help.command(body, ack)
            return
        facts.ensure(
            self._rt,
            people=[asked.user_id],
            channel=asked.channel_id,
            typed_by=asked.user_id,
        )
        with self._rt.reads() as session:
            channel = channels.find(session, self._rt.workspace.id, asked.channel_id)
            if channel is None or not channel.is_joined:
                raise Refusal(INVITE)
            view = settings.form(
                session, channel, by=asked.user_id, now=self._rt.clock()
            )
        self._rt.slack.open_view(asked.trigger_id, view)
        ack()

    def channel_submitted(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        by = form.user.id
        meant = str(form.view.meta().get("channel"))
        facts.ensure(self._rt, people=[by])
        with self._rt.reads() as session:
            channel = channels.find(session, self._rt.workspace.id, meant)
            if channel is None:
                raise Refusal(_GONE)
            new = settings.newly_named(
                session,
                self._rt.workspace,
                form.view,
                channel,
                by=by,
                now=self._rt.clock(),
            )
        facts.ensure(self._rt, people=new)
        with self._rt.sessions.begin() as session:
            channel = channels.find(session, self._rt.workspace.id, meant)
            if channel is None:
                raise Refusal(_GONE)
            unknown = settings.change(
                session, channel, form.view, by=by, now=self._rt.clock()
            )
        ack()
        if unknown:
            with courtesy():
                self._rt.slack.whisper(meant, by, unknown_emoji(unknown), [])

    def workspace(self, body: dict[str, Any], ack: Ack) -> None:
        asked = Command.model_validate(body)
        self._open_workspace(asked.user_id, asked.trigger_id)
        ack()

    def _open_workspace(self, by: str, trigger_id: str) -> None:
        facts.ensure(self._rt, people=[by])
        with self._rt.reads() as session:
            view = settings.workspace_form(session, self._rt.workspace, by=by)
        self._rt.slack.open_view(trigger_id, view)

    def workspace_submitted(self, body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        by = form.user.id
        facts.ensure(self._rt, people=[by])
        with self._rt.reads() as session:
            new = settings.newly_named(
                session, self._rt.workspace, form.view, by=by, now=self._rt.clock()
            )
        facts.ensure(self._rt, people=new)
        with self._rt.sessions.begin() as session:
            unknown = settings.change_workspace(
                session, self._rt.workspace, form.view, by=by
            )
        if unknown:
            ack(response_action="update", view=saved(unknown_emoji(unknown)))
        else:
            ack()
