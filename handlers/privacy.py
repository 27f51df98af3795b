"""Handle `/backswing my data` and `/backswing forget me`."""

from functools import partial

from slack_bolt import App

from bot.privacy import blocks
from bot.privacy import service as privacy
from bot.runtime import Runtime, Transaction
from handlers.home import show_home
from handlers.interactions import (
    AfterAck,
    OpenView,
    Reply,
    Response,
    UpdateView,
    on_command,
    on_view,
    reads,
    writes,
)
from handlers.payloads import SlashCommand, ViewSubmission


def register(app: App, rt: Runtime) -> None:
    on_command(app, rt, "/backswing", writes(send_data), phrases=("my data",))
    on_command(app, rt, "/backswing", reads(confirm_erasure), phrases=("forget me",))
    on_view(app, rt, "forget_me", writes(erase))


def send_data(command: SlashCommand, tx: Transaction) -> Response:
    privacy.request_data_file(tx, member=command.actor, request_id=command.trigger_id)
    return Reply(blocks.FILE_PENDING)


def confirm_erasure(command: SlashCommand, tx: Transaction) -> Response:
    return OpenView(privacy.forget_form(tx, command.actor))


def erase(form: ViewSubmission, tx: Transaction) -> Response:
    privacy.erase_oneself(tx, form.actor)
    # The Home tab shows personal data as well.
    return AfterAck(
        partial(show_home, member=form.actor), UpdateView(blocks.erased_view())
    )
