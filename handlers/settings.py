"""`/backswing`: help for everybody, and the channel's settings."""

from typing import Any

from slack_bolt import Ack, App

from bot.asks.forms import INVITE
from bot.channels import service as channels
from bot.errors import Refusal
from bot.facts import service as facts
from bot.runtime import Runtime
from bot.settings import blocks
from bot.settings import service as settings
from bot.settings.service import Chosen
from handlers.payloads import Command, Submitted

_GONE = "I don't know that channel any more; open the form again."


def register(bolt: App, rt: Runtime) -> None:
    @bolt.command("/backswing")
    def command(body: dict[str, Any], ack: Ack) -> None:
        asked = Command.model_validate(body)
        if asked.text.strip() or not asked.is_in_channel:
            ack(blocks.HELP)
            return
        facts.ensure(rt, people=[asked.user_id], channel=asked.channel_id)
        with rt.reads() as session:
            channel = channels.find(session, rt.workspace.id, asked.channel_id)
            if channel is None or not channel.is_joined:
                raise Refusal(INVITE)
            settings.may_set_up(session, channel, asked.user_id)
            form = blocks.form(
                channel=channel.slack_id,
                name=channel.name,
                capture=channel.capture,
                helpful=channels.helpful_emoji(channel),
                solved=channels.solved_emoji(channel),
                champions=channels.champions(session, channel.id),
                topics=channel.topics,
                guests_may_ask=channel.guests_may_ask,
            )
        rt.slack.open_view(asked.trigger_id, form)
        ack()

    @bolt.view("settings")
    def submitted(body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        view = form.view
        champions = view.users("champions")
        facts.ensure(rt, people=[form.user.id, *champions])
        with rt.sessions.begin() as session:
            channel = channels.find(
                session, rt.workspace.id, str(view.meta().get("channel"))
            )
            if channel is None:
                raise Refusal(_GONE)
            settings.change(
                session,
                channel,
                Chosen(
                    capture=view.chosen("capture") or "",
                    champions=champions,
                    topics=view.text("topics"),
                    helpful=view.text("helpful"),
                    solved=view.text("solved"),
                    guests_may_ask="guests" in view.all_chosen("guests"),
                ),
                by=form.user.id,
            )
        ack()
