"""Peer coffee: take part, stop, and answer a match."""

from functools import partial

from slack_bolt import App
from slack_sdk.models.views import View

from bot.home import page
from bot.kudos.forms import kudos_form
from bot.pairs import matches, notes, notifications, opt_ins, pages, returns, rounds
from bot.pairs.home import format_day
from bot.pairs.rules import Answer, Fit, Outcome
from bot.runtime import Runtime, Transaction
from handlers.interactions import (
    OpenView,
    Response,
    UpdateView,
    on_button,
    on_command,
    parse_id,
    reads,
    show_note,
    writes,
)
from handlers.payloads import BlockAction, SlashCommand

_CHOICES: dict[str, Answer | Outcome | Fit] = {
    "pair_time": Answer.TIME,
    "pair_cant": Answer.CANT,
    "pair_met": Outcome.MET,
    "pair_not_yet": Outcome.NOT_YET,
    "pair_wont": Outcome.WONT,
    "pair_fit_yes": Fit.YES,
    "pair_fit_so_so": Fit.SO_SO,
    "pair_fit_no": Fit.NO,
}


_NOTHING_YET = (
    "There is nothing here for you yet: it's for people who are in a program. Type"
    " /backswing program to see them."
)

_TITLE = "Peer coffee"


def register(app: App, rt: Runtime) -> None:
    on_command(app, rt, "/backswing", reads(open_page), phrases=("pair", "pairs"))
    on_button(app, rt, "pair_join", writes(join))
    on_button(app, rt, "pair_stop", writes(stop))
    for action_id, choice in _CHOICES.items():
        on_button(app, rt, action_id, writes(partial(press, choice=choice)))
    on_button(app, rt, "pair_back", writes(come_back))
    on_button(app, rt, "pair_thank", reads(thank))
    on_button(app, rt, "pair_preview", reads(preview))
    on_button(app, rt, "pair_last_round", reads(last_round))


def open_page(command: SlashCommand, tx: Transaction) -> Response:
    return OpenView(_page(tx, command.actor))


def _page(tx: Transaction, member: str) -> View:
    """Return the page of the Home tab about peers, as a modal."""
    return page.in_modal(tx, member, "people", empty=_NOTHING_YET)


def join(click: BlockAction, tx: Transaction) -> Response:
    opt_ins.join(tx, click.actor, event_micros=click.at_micros)
    few_people = opt_ins.shortage(tx, click.actor)
    note = notes.joined(format_day(rounds.next_round(tx).day), few_people)
    if click.is_in_modal:
        return UpdateView(_page(tx, click.actor))
    return show_note(click, _TITLE, note) if click.is_in_direct_message else None


def stop(click: BlockAction, tx: Transaction) -> Response:
    matches.stop(tx, click.actor, event_micros=click.at_micros)
    return show_note(click, _TITLE, notes.stopped())


def press(
    click: BlockAction, tx: Transaction, *, choice: Answer | Outcome | Fit
) -> Response:
    match_id = parse_id(click.value)
    matches.press(tx, match_id, click.actor, choice, event_micros=click.at_micros)
    note = notifications.status_note(tx, match_id, click.actor)
    return show_note(click, _TITLE, note) if note else None


def come_back(click: BlockAction, tx: Transaction) -> Response:
    match_id = parse_id(click.value)
    returns.come_back(tx, match_id, click.actor, event_micros=click.at_micros)
    note = notifications.status_note(tx, match_id, click.actor)
    return show_note(click, _TITLE, note) if note else None


def thank(click: BlockAction, tx: Transaction) -> Response:
    _, rows = matches.get(tx, parse_id(click.value), click.actor)
    return OpenView(kudos_form(people=matches.mates(rows, click.actor)))


def preview(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(pages.preview(tx, by=click.actor))


def last_round(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(pages.last_round(tx, by=click.actor))
