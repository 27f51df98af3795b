"""`/backswing my data` and `/backswing forget me`."""

from typing import Any

from slack_bolt import Ack, App

from bot.privacy import blocks
from bot.privacy import service as privacy
from bot.runtime import Runtime
from bot.workspace import sync
from handlers.home import show_home
from handlers.interactions import subcommand
from handlers.payloads import SlashCommand, ViewSubmission


def register(bolt: App, rt: Runtime) -> None:
    @bolt.command("/backswing", matchers=subcommand("my data"))
    def my_data(body: dict[str, Any], ack: Ack) -> None:
        asked = SlashCommand.model_validate(body)
        sync.refresh(rt, users=[asked.user_id])
        with rt.write(rt.workspace) as tx:
            privacy.request_data_file(
                tx, member=asked.user_id, request_id=asked.trigger_id
            )
        ack(blocks.FILE_PENDING)

    @bolt.command("/backswing", matchers=subcommand("forget me"))
    def forget_me(body: dict[str, Any], ack: Ack) -> None:
        asked = SlashCommand.model_validate(body)
        sync.refresh(rt, users=[asked.user_id])
        with rt.read(rt.workspace) as tx:
            view = privacy.forget_form(tx, asked.user_id)
        rt.slack.open_view(asked.trigger_id, view)
        ack()

    @bolt.view("forget_me")
    def confirmed(body: dict[str, Any], ack: Ack) -> None:
        form = ViewSubmission.model_validate(body)
        sync.refresh(rt, users=[form.user.id])
        with rt.write(rt.workspace) as tx:
            privacy.erase_oneself(tx, form.user.id)
        ack(response_action="update", view=blocks.erased_view())
        # What stood there was of them, too.
        show_home(rt, form.user.id)
