"""Record members' decisions about their credits, and show the program leads' pages."""

from functools import partial

from slack_bolt import App

from bot.errors import UserError
from bot.mentors import administration, consent, forms
from bot.mentors.consent import Choice
from bot.mentors.feature import Mentors
from bot.runtime import Runtime, Transaction
from handlers.home import show_home
from handlers.interactions import (
    AfterAck,
    OpenView,
    Response,
    UpdateView,
    on_button,
    on_command,
    on_view,
    parse_id,
    reads,
    refresh_nobody,
    writes,
)
from handlers.payloads import BlockAction, SlashCommand, ViewSubmission
from handlers.requests import Request

_CHOICES: dict[str, Choice] = {
    "mentor_tell": "public",
    "mentor_keep": "private",
    "mentor_never": "never",
}


def register(app: App, rt: Runtime) -> None:
    for action_id, choice in _CHOICES.items():
        choose = writes(partial(decide, choice=choice), before=refresh_nobody)
        on_button(app, rt, action_id, choose)
    on_command(app, rt, "/backswing", reads(open_overview), phrases=("mentors",))
    on_button(app, rt, "mentor_newer", reads(turn_page))
    on_button(app, rt, "mentor_older", reads(turn_page))
    on_button(app, rt, "mentor_add", reads(open_credit_form))
    on_view(app, rt, "mentor_add", add_credit)
    on_button(app, rt, "mentor_set_up", reads(open_settings))
    on_view(app, rt, "mentor_set_up", writes(save_settings))


def decide(click: BlockAction, tx: Transaction, *, choice: Choice) -> Response:
    consent.decide(tx, parse_id(click.value), choice, by=click.actor)
    if click.view is None or click.view.type != "home":
        return None
    return AfterAck(partial(show_home, member=click.actor))


def open_overview(command: SlashCommand, tx: Transaction) -> Response:
    return OpenView(administration.overview(tx, by=command.actor, start=0))


def turn_page(click: BlockAction, tx: Transaction) -> Response:
    view = administration.overview(tx, by=click.actor, start=parse_id(click.value))
    return UpdateView(view, hash=click.view_hash, is_required=True)


def open_credit_form(click: BlockAction, tx: Transaction) -> Response:
    administration.require_access(tx, click.actor)
    return OpenView(forms.credit_form())


def add_credit(form: ViewSubmission, request: Request) -> None:
    people, channel = form.view.users("member"), form.view.conversation("channel")
    if len(people) != 1 or channel is None:
        raise UserError("Choose one person.", field="member")
    request.refresh(users=[form.actor, *people], channel=channel)
    with request.write() as tx:
        administration.credit_by_hand(
            tx,
            member=people[0],
            channel=channel,
            reason=form.view.text("reason"),
            by=form.actor,
            settings=request.rt.features.get(Mentors).settings,
        )


def open_settings(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(administration.settings_view(tx, by=click.actor))


def save_settings(form: ViewSubmission, tx: Transaction) -> None:
    administration.update_settings(
        tx,
        scope=form.view.chosen("scope") or "",
        experts=form.view.users("experts"),
        by=form.actor,
    )
