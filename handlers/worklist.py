"""Suggestions for champions: done, not for them, the guide, and Monday's message."""

from functools import partial

from slack_bolt import App

from bot.permissions import EDIT_OWN_SETTINGS, require
from bot.runtime import Runtime, Transaction
from bot.worklist import blocks, items, mondays
from bot.worklist.items import Pressed
from bot.workspace import roles
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    on_button,
    parse_id,
    reads,
    writes,
)
from handlers.payloads import BlockAction


def register(app: App, rt: Runtime) -> None:
    outcomes: tuple[tuple[str, Pressed], ...] = (
        ("work_done", "done"),
        ("work_refuse", "refused"),
    )
    for action_id, outcome in outcomes:
        on_button(app, rt, action_id, writes(partial(press, outcome=outcome)))
    on_button(app, rt, "work_guide", reads(open_guide))
    on_button(app, rt, "work_stop", writes(stop))


def press(click: BlockAction, tx: Transaction, *, outcome: Pressed) -> Response:
    items.finish(tx, items.get(tx, parse_id(click.value), click.actor), outcome)
    return updated(click, tx)


def updated(click: BlockAction, tx: Transaction) -> Response:
    """Return Monday's message without the item, if its button was pressed there."""
    if not click.is_in_direct_message:
        return None
    tx.session.flush()
    return Reply(*mondays.note(tx, click.actor), replace=True)


def open_guide(_: BlockAction, __: Transaction) -> Response:
    return OpenView(blocks.guide())


def stop(click: BlockAction, tx: Transaction) -> Response:
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, click.actor))
    mondays.stop(tx, click.actor)
    return Reply(blocks.STOPPED)
