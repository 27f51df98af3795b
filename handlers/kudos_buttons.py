"""Take kudos back, and page through given and received kudos."""

from functools import partial

from slack_bolt import App

from bot.errors import UserError
from bot.kudos import history, notes, work_items
from bot.kudos import service as kudos
from bot.kudos.history import Direction
from bot.kudos.work_items import A_FIRST
from bot.runtime import Runtime, Transaction
from bot.slack.text import escape
from bot.worklist import items
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

_DIRECTIONS: tuple[Direction, ...] = ("received", "given")


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "kudos_take_back", take_back)
    on_button(app, rt, "kudos_menu", writes(take_back_from_menu))
    on_button(app, rt, "kudos_newest", reads(show_newest, before=refresh_nobody))
    for direction in _DIRECTIONS:
        turn = partial(turn_page, direction=direction)
        on_button(app, rt, f"kudos_{direction}", reads(turn, before=refresh_nobody))
    on_button(app, rt, "work_thank", writes(thank_as_champion))


def thank_as_champion(click: BlockAction, tx: Transaction) -> Response:
    """Open the form, filled. Kudos take the item off the list."""
    item = items.get(tx, parse_id(click.value), click.actor, A_FIRST.name)
    form = work_items.thank_form(tx, item)
    if form is None:
        raise UserError(items.GONE)
    return OpenView(form)


def take_back(click: BlockAction, request: Request) -> Response:
    request.refresh(users=[click.actor])
    try:
        with request.write() as tx:
            kudos.take_back(tx, parse_id(click.value), by=click.actor)
    except UserError as error:
        # A later click would fail as well, so the error replaces the button.
        return Reply(escape(str(error)), replace=True)
    return Reply(notes.TAKEN_BACK, replace=True)


def take_back_from_menu(click: BlockAction, tx: Transaction) -> Response:
    kudos_id = click.action.option.partition(":")[2]
    kudos.take_back(tx, parse_id(kudos_id), by=click.actor)
    return Reply(notes.TAKEN_BACK)


def show_newest(click: BlockAction, tx: Transaction) -> Response:
    return Reply(*history.own_history(tx, click.actor), replace=True)


def turn_page(click: BlockAction, tx: Transaction, *, direction: Direction) -> Response:
    page = history.page(tx, click.actor, direction, click.value)
    return Reply(*page, replace=True)
