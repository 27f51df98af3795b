"""Handle the buttons of the question that the bot asks program leads."""

from slack_bolt import App

from bot.asks import forms
from bot.asks import service as asks
from bot.programs import lead_blocks, lead_prompts
from bot.runtime import Runtime, Transaction
from bot.workspace import channels
from handlers import ask_form
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    on_button,
    parse_id,
    reads,
    refresh_nobody,
    writes,
)
from handlers.payloads import BlockAction
from handlers.requests import Request


def register(app: App, rt: Runtime) -> None:
    # The time of a fetch would tell who was about to ask.
    open_form = reads(open_ask_form, before=refresh_nobody)
    on_button(app, rt, "program_lead_ask", open_form)
    on_button(app, rt, "program_lead_skip", skip)
    on_button(app, rt, "program_lead_stop", writes(stop))


def open_ask_form(click: BlockAction, tx: Transaction) -> Response:
    """Open the form to ask, with a channel of the program that the lead sees."""
    slack_id = lead_prompts.channel_to_ask_in(tx, parse_id(click.value), by=click.actor)
    channel = channels.find(tx, slack_id) if slack_id else None
    return OpenView(
        forms.ask_form(
            channel=slack_id,
            channel_topics=channel.topics if channel else [],
            is_first=not asks.has_asked(tx, click.actor),
            more=ask_form.more_fields(tx, channel),
            reports_typing=ask_form.reports_typing(tx.features),
        )
    )


def skip(_click: BlockAction, _request: Request) -> Response:
    return Reply(*lead_blocks.lead_prompt_skipped(), replace=True)


def stop(click: BlockAction, tx: Transaction) -> Response:
    return Reply(*lead_prompts.stop(tx, by=click.actor), replace=True)
