"""Buddies: look for one, be one, and end it."""

from functools import partial

from slack_bolt import App

from bot.buddies import (
    notes,
    notifications,
    offers,
    pages,
    questions,
    service,
    week_notes,
    wishes,
)
from bot.buddies.rules import Answer
from bot.kudos.forms import kudos_form
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import Note, message_modal
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    UpdateView,
    on_button,
    parse_id,
    reads,
    writes,
)
from handlers.payloads import BlockAction

_TITLE = "Buddies"


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "buddy_yes", writes(want))
    on_button(app, rt, "buddy_no", writes(refuse))
    on_button(app, rt, "buddy_join", writes(join))
    on_button(app, rt, "buddy_stop", writes(stop))
    on_button(app, rt, "buddy_accept", writes(partial(answer, choice=Answer.YES)))
    on_button(app, rt, "buddy_not_now", writes(partial(answer, choice=Answer.NOT_NOW)))
    on_button(app, rt, "buddy_end", writes(end))
    on_button(app, rt, "buddy_thank", reads(thank))
    on_button(app, rt, "buddy_see", reads(see))


def _say(click: BlockAction, note: Note) -> Response:
    """Show a note instead of the bot's message to this person, or in a modal.

    The greeting stays. The Home tab is drawn again by itself.
    """
    if click.is_in_direct_message:
        return Reply(*note, replace=click.value != notes.IN_GREETING)
    if not click.is_in_modal:
        return None
    text, shown = note
    return UpdateView(message_modal(_TITLE, text, *shown[1:]))


def want(click: BlockAction, tx: Transaction) -> Response:
    wishes.want(tx, click.actor, event_micros=click.at_micros)
    note = notes.looking(
        is_in_program=offers.can_take_part(tx, click.actor),
        needs_people=offers.shortage(tx, click.actor) is not None,
    )
    return _say(click, note)


def refuse(click: BlockAction, tx: Transaction) -> Response:
    wishes.refuse(tx, click.actor, event_micros=click.at_micros)
    return _say(click, notes.refused())


def join(click: BlockAction, tx: Transaction) -> Response:
    offers.join(tx, click.actor, event_micros=click.at_micros)
    return _say(click, notes.joined())


def stop(click: BlockAction, tx: Transaction) -> Response:
    offers.stop(tx, click.actor, event_micros=click.at_micros)
    return _say(click, notes.stopped())


def answer(click: BlockAction, tx: Transaction, *, choice: Answer) -> Response:
    question_id = parse_id(click.value)
    questions.answer(tx, question_id, click.actor, choice, event_micros=click.at_micros)
    return _say(click, notifications.answer_note(tx, question_id, click.actor))


def end(click: BlockAction, tx: Transaction) -> Response:
    pair = service.end(tx, parse_id(click.value), click.actor)
    other = service.other(pair, click.actor)
    return _say(click, week_notes.you_ended(notifications.name(tx, click.actor, other)))


def thank(click: BlockAction, tx: Transaction) -> Response:
    pair = service.get(tx, parse_id(click.value), click.actor)
    return OpenView(kudos_form(people=[service.other(pair, click.actor)]))


def see(click: BlockAction, tx: Transaction) -> Response:
    return OpenView(pages.pair_list(tx, by=click.actor))
