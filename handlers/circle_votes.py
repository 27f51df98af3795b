"""Circles decide together: answers, a break, and its end."""

from functools import partial

from slack_bolt import App

from bot.circles import decisions, page_blocks, quiet, service, vote_blocks
from bot.circles.vote_rules import Answer
from bot.runtime import Runtime, Transaction
from handlers.interactions import (
    Reply,
    Response,
    on_button,
    parse_id,
    show,
    show_note,
    writes,
)
from handlers.payloads import BlockAction
from models import Circle

_ASKED = "I ask the others."
_BACK = "Your circle is back."


def register(app: App, rt: Runtime) -> None:
    for given in Answer:
        answered = partial(answer, given=given)
        on_button(app, rt, f"circle_vote_{given}", writes(answered))
    on_button(app, rt, "circle_break", writes(propose_break))
    on_button(app, rt, "circle_thaw", writes(thaw))


def answer(click: BlockAction, tx: Transaction, *, given: Answer) -> Response:
    note = decisions.answer(
        tx,
        parse_id(click.value),
        given,
        by=click.actor,
        event_micros=click.at_micros,
    )
    return show_note(click, "Your answer", note)


def propose_break(click: BlockAction, tx: Transaction) -> Response:
    circle = service.lock(tx, parse_id(click.value))
    vote = quiet.propose_break(tx, circle, by=click.actor, event_micros=click.at_micros)
    decisions.decide(tx, circle, vote)
    return _show_page(click, tx, circle, _ASKED)


def thaw(click: BlockAction, tx: Transaction) -> Response:
    circle = service.lock(tx, parse_id(click.value))
    quiet.thaw(tx, circle, by=click.actor)
    if click.is_in_direct_message:
        return Reply(*vote_blocks.brought_back(), replace=True)
    return _show_page(click, tx, circle, _BACK)


def _show_page(
    click: BlockAction, tx: Transaction, circle: Circle, notice: str
) -> Response:
    page = service.page(tx, circle, by=click.actor, notice=notice)
    return show(click, page_blocks.circle_page(page))
