"""Requests for help: what the member who was asked chooses, and the asker."""

import logging
from functools import partial

from slack_bolt import App

from bot.asks import actions, ask_view
from bot.asks import service as asks
from bot.errors import UserError
from bot.outbox.message_type import MAX_LOOKUPS
from bot.routing import (
    asker,
    asker_notes,
    forms,
    links,
    notes,
    notifications,
    offers,
    requests,
)
from bot.routing.work_items import NOBODY_HAS_ANSWERED
from bot.runtime import Runtime, Transaction
from bot.settings import service as settings
from bot.slack.api import SlackError
from bot.slack.blocks import Note
from bot.worklist import items
from bot.workspace.visibility import MembershipUnknown
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    on_button,
    on_view,
    parse_id,
    reads,
    writes,
)
from handlers.payloads import BlockAction, ViewSubmission
from handlers.requests import Request, best_effort
from handlers.worklist import updated
from models import Ask, Channel

log = logging.getLogger(__name__)

NEVER = "I won't ask you again. You can change that in My settings."
MAX_TOPIC_BUTTONS = 3


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "request_help", writes(offer_help))
    on_button(app, rt, "request_decline", writes(decline))
    on_button(app, rt, "request_less", reads(open_settings))
    on_button(app, rt, "request_never", writes(stop_asking))
    on_button(app, rt, "request_refuse_channel", writes(refuse_channel))
    for number in range(MAX_TOPIC_BUTTONS):
        on_button(app, rt, f"request_refuse_topic_{number}", writes(refuse_topic))
    on_button(app, rt, "route_now", writes(ask_now))
    on_button(app, rt, "route_confirm", writes(confirm))
    on_button(app, rt, "route_elsewhere", reads(open_channel_form))
    on_button(app, rt, "work_help", writes(help_as_champion))
    on_button(app, rt, "work_close", writes(open_close_form))
    on_view(app, rt, "route_elsewhere", writes(post_link, before=_refresh_form))
    for option in ("edit", "close"):
        press = writes(partial(press_option, option=option))
        on_button(app, rt, f"route_{option}", press)


def offer_help(click: BlockAction, tx: Transaction) -> Response:
    request = requests.get(tx, parse_id(click.value), click.actor)
    ask = asks.get(tx, request.ask_id)
    requests.offer_help(tx, ask, request, event_micros=click.at_micros)
    return None


def decline(click: BlockAction, tx: Transaction) -> Response:
    requests.decline(tx, requests.get(tx, parse_id(click.value), click.actor))
    return None


def open_settings(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(settings.member_form(tx, click.actor))


def stop_asking(click: BlockAction, tx: Transaction) -> Response:
    request = requests.get(tx, parse_id(click.value), click.actor)
    requests.stop_asking(tx, click.actor)
    requests.decline(tx, request)
    return Reply(NEVER)


def refuse_channel(click: BlockAction, tx: Transaction) -> Response:
    request = requests.get(tx, parse_id(click.value), click.actor)
    channel = requests.refuse_channel(tx, request)
    return Reply(notes.refused(f"from #{channel.name}"))


def refuse_topic(click: BlockAction, tx: Transaction) -> Response:
    request_id, _, topic = click.value.partition(":")
    request = requests.get(tx, parse_id(request_id), click.actor)
    requests.refuse_topic(tx, request, topic)
    return Reply(notes.refused(f"about {topic}"))


def ask_now(click: BlockAction, tx: Transaction) -> Response:
    """Ask people who may know at once, once for an ask."""
    ask = asks.get(tx, parse_id(click.value))
    count = asker.hurry(tx, ask, by=click.actor)
    return Reply(asker_notes.asked_now(count), replace=True)


def confirm(click: BlockAction, tx: Transaction) -> Response:
    """Take a message as an ask of its author, about which people are asked."""
    ask = asks.get(tx, parse_id(click.value))
    asker.confirm(tx, ask, by=click.actor)
    channel = tx.session.get_one(Channel, ask.channel_id)
    note = asker_notes.confirmed(notifications.ask_line(tx, ask, channel))
    return Reply(*note, replace=True)


def offer_peers(request: Request, ask_id: int) -> None:
    """Offer the asker of a new ask to ask people who have answered a similar one.

    It runs after the response to `/ask`, which it must not delay.
    """
    if (note := _offer(request, ask_id)) is not None:
        request.reply(*note)


def offer_peers_in_channel(request: Request, ask_id: int) -> None:
    """Offer the same to the asker of an ask from a form, privately in its channel."""
    note = _offer(request, ask_id)
    if note is None:
        return
    with request.read() as tx:
        ask = tx.session.get_one(Ask, ask_id)
        channel = tx.session.get_one(Channel, ask.channel_id).slack_id
        asker = ask.asker
    with best_effort():
        request.slack.post_ephemeral(channel, asker, *note)


def _offer(request: Request, ask_id: int) -> Note | None:
    """Return the offer if there is one; ask Slack who is in a private channel."""
    for _ in range(MAX_LOOKUPS):
        try:
            with request.read() as tx:
                ask = tx.session.get_one(Ask, ask_id)
                return offers.offer(tx, ask, needs_reasons=True)
        except MembershipUnknown as unknown:
            try:
                unknown.fetch(request.rt, request.workspace, is_urgent=False)
            except SlackError as error:
                log.info("nobody offered", extra={"error": error.code})
                return None
    return None


def open_channel_form(click: BlockAction, tx: Transaction) -> Response:
    ask = asks.get(tx, parse_id(click.value))
    links.require_linkable(tx, ask, by=click.actor)
    return OpenView(forms.channel_form(ask.id, ask_view.title(tx, ask)))


def help_as_champion(click: BlockAction, tx: Transaction) -> Response:
    """List a champion as looking into the ask that was suggested to them."""
    ask = _suggested_ask(click, tx)
    item = items.get(tx, parse_id(click.value), click.actor)
    if "looking" not in actions.current_marks(tx.session, ask, click.actor):
        actions.toggle_join(
            tx, ask, "looking", by=click.actor, event_micros=click.at_micros
        )
    items.finish(tx, item, "done")
    return updated(click, tx)


def open_close_form(click: BlockAction, tx: Transaction) -> Response:
    ask = _suggested_ask(click, tx)
    return OpenView(actions.action_form(tx, ask, "close", by=click.actor))


def _suggested_ask(click: BlockAction, tx: Transaction) -> Ask:
    """Lock and return the ask of a champion's own item. Raises UserError."""
    kind = NOBODY_HAS_ANSWERED.name
    item = items.get(tx, parse_id(click.value), click.actor, kind, locks=False)
    return asks.get(tx, int(item.subject))


def _refresh_form(form: ViewSubmission, request: Request) -> None:
    channel = form.view.conversation("channel")
    if not channel:
        raise UserError("Choose a channel.", field="channel")
    request.refresh(users=[form.actor], channel=channel)


def post_link(form: ViewSubmission, tx: Transaction) -> None:
    ask = asks.get(tx, parse_id(form.view.metadata().get("ask")))
    channel = form.view.conversation("channel") or ""
    links.post(tx, ask, channel, by=form.actor, occurrence=form.view.id)


def press_option(click: BlockAction, tx: Transaction, *, option: str) -> Response:
    ask = asks.get(tx, parse_id(click.value))
    if option == "close":
        actions.close(
            tx, ask, by=click.actor, reason=None, event_micros=click.at_micros
        )
        return None
    return OpenView(actions.action_form(tx, ask, option, by=click.actor))
