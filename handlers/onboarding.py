"""Handle the buttons of the bot's introduction and greetings."""

from slack_bolt import App

from bot.onboarding import service as onboarding
from bot.runtime import Runtime, Transaction
from handlers.interactions import (
    CloseViews,
    OpenView,
    Reply,
    Response,
    on_button,
    on_view,
    parse_id,
    reads,
    refresh_nobody,
    writes,
)
from handlers.payloads import BlockAction, ViewSubmission


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "introduction_post", writes(post))
    on_button(app, rt, "introduction_not_now", reads(dismiss))
    on_button(app, rt, "introduction_open", reads(open_preview))
    on_view(app, rt, "introduction", writes(post_from_preview))
    on_button(app, rt, "greetings_off", writes(turn_greetings_off))
    on_button(app, rt, "work_hello", reads(open_own_message, before=refresh_nobody))


def post(click: BlockAction, tx: Transaction) -> Response:
    note = onboarding.post(tx, parse_id(click.value), by=click.actor)
    return Reply(*note, replace=True)


def dismiss(click: BlockAction, tx: Transaction) -> Response:
    channel_id = parse_id(click.value)
    note = onboarding.dismiss_introduction(tx, channel_id, by=click.actor)
    return Reply(*note, replace=True)


def open_preview(click: BlockAction, tx: Transaction) -> Response:
    channel_id = parse_id(click.value)
    return OpenView(onboarding.preview_form(tx, channel_id, by=click.actor))


def post_from_preview(form: ViewSubmission, tx: Transaction) -> Response:
    channel_id = parse_id(form.view.metadata().get("channel"))
    onboarding.post(tx, channel_id, by=form.actor)
    return CloseViews()


def turn_greetings_off(click: BlockAction, tx: Transaction) -> Response:
    note = onboarding.opt_out_of_greetings(tx, by=click.actor)
    return Reply(*note, replace=True)


def open_own_message(_: BlockAction, __: Transaction) -> Response:
    """Do nothing: Slack opens the link of the button, and may report the press."""
    return None
