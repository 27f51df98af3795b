"""`/backswing my data` and `/backswing forget me`."""

from typing import Any

from slack_bolt import Ack, App

from bot.facts import service as facts
from bot.privacy import blocks
from bot.privacy import service as privacy
from bot.runtime import Runtime
from handlers.home import show
from handlers.payloads import Command, Submitted
from handlers.phrases import says


def register(bolt: App, rt: Runtime) -> None:
    @bolt.command("/backswing", matchers=says("my data"))
    def my_data(body: dict[str, Any], ack: Ack) -> None:
        asked = Command.model_validate(body)
        facts.ensure(rt, people=[asked.user_id])
        with rt.sessions.begin() as session:
            privacy.ask_for_data(
                session,
                rt.workspace,
                member=asked.user_id,
                request=asked.trigger_id,
                now=rt.clock(),
            )
        ack(blocks.COMING)

    @bolt.command("/backswing", matchers=says("forget me"))
    def forget_me(body: dict[str, Any], ack: Ack) -> None:
        asked = Command.model_validate(body)
        facts.ensure(rt, people=[asked.user_id])
        with rt.reads() as session:
            view = privacy.forget_form(session, rt.workspace, asked.user_id)
        rt.slack.open_view(asked.trigger_id, view)
        ack()

    @bolt.view("forget_me")
    def confirmed(body: dict[str, Any], ack: Ack) -> None:
        form = Submitted.model_validate(body)
        facts.ensure(rt, people=[form.user.id])
        with rt.sessions.begin() as session:
            privacy.forget_oneself(session, rt.workspace, form.user.id, now=rt.clock())
        ack(response_action="update", view=blocks.forgotten())
        # What stood there was of them, too.
        show(rt, form.user.id)
