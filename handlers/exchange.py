"""Learn together: choose a peer, agree, and say how it goes."""

from functools import partial

from slack_bolt import App

from bot.exchange import (
    agreement,
    forms,
    notes,
    notifications,
    pages,
    questions,
    service,
    wishes,
)
from bot.exchange.agreement import Changed
from bot.exchange.rules import Answer, First, Midpoint
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import message_modal
from handlers.interactions import (
    AfterAck,
    OpenView,
    Response,
    UpdateView,
    on_button,
    on_view,
    parse_id,
    reads,
    show,
    show_note,
    writes,
)
from handlers.payloads import BlockAction, ViewSubmission
from handlers.programs import show_beneath

_TITLE = "Learn together"
_CHANGED = "This has changed meanwhile. Read it again, then press Agreed."


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "exchange_join", reads(open_wish))
    on_view(app, rt, "exchange_wish", writes(submit_wish))
    on_button(app, rt, "exchange_stop", writes(stop))
    on_button(app, rt, "exchange_people", reads(show_people))
    on_button(app, rt, "exchange_ask", writes(ask))
    on_button(app, rt, "exchange_take_back", writes(take_back))
    for choice in (Answer.YES, Answer.NOT_NOW, Answer.NOT_THIS):
        on_button(app, rt, f"exchange_{choice}", writes(partial(answer, choice=choice)))
    on_button(app, rt, "exchange_see", reads(show_agreement))
    on_button(app, rt, "exchange_change", reads(open_agreement))
    on_view(app, rt, "exchange_agreement", writes(submit_agreement))
    on_button(app, rt, "exchange_agree", writes(agree))
    on_button(app, rt, "exchange_end", writes(end))
    for first in First:
        listener = partial(after_first, choice=first)
        on_button(app, rt, f"exchange_first_{first}", writes(listener))
    on_button(app, rt, "exchange_first_later", writes(not_met_yet))
    for midpoint in Midpoint:
        listener = partial(at_midpoint, choice=midpoint)
        on_button(app, rt, f"exchange_midpoint_{midpoint}", writes(listener))
    on_button(app, rt, "exchange_look", reads(open_look))
    on_view(app, rt, "exchange_look", writes(submit_look))


# The wish, and people who fit


def open_wish(click: BlockAction, tx: Transaction) -> Response:
    return show(click, pages.wish_form(tx, by=click.actor))


def submit_wish(form: ViewSubmission, tx: Transaction) -> Response:
    return UpdateView(pages.submit_wish(tx, form.view, by=form.actor))


def stop(click: BlockAction, tx: Transaction) -> Response:
    wishes.stop(tx, click.actor, event_micros=click.at_micros)
    return show_note(click, _TITLE, notes.stopped())


def show_people(click: BlockAction, tx: Transaction) -> Response:
    return show(click, pages.people(tx, by=click.actor))


# The question


def ask(click: BlockAction, tx: Transaction) -> Response:
    pair = questions.ask(tx, click.actor, click.value, event_micros=click.at_micros)
    if pair.exchange.peer == click.actor:
        # They had been asked: it was their answer.
        note = notifications.status_note(tx, pair.exchange.id, click.actor)
        return show_note(click, _TITLE, note)
    return show(click, message_modal(_TITLE, notes.asked(service.name(tx, pair))))


def take_back(click: BlockAction, tx: Transaction) -> Response:
    exchange_id = parse_id(click.value)
    questions.take_back(tx, exchange_id, click.actor, event_micros=click.at_micros)
    # The Home tab is drawn again; a modal is not.
    return show_note(click, _TITLE, notes.taken_back()) if click.is_in_modal else None


def answer(click: BlockAction, tx: Transaction, *, choice: Answer) -> Response:
    exchange_id = parse_id(click.value)
    questions.answer(tx, exchange_id, click.actor, choice, event_micros=click.at_micros)
    return show_note(
        click, _TITLE, notifications.status_note(tx, exchange_id, click.actor)
    )


# The agreement


def show_agreement(click: BlockAction, tx: Transaction) -> Response:
    pair = service.get(tx, parse_id(click.value), click.actor)
    agreement.require_begun(pair)
    return show(click, pages.page(tx, pair))


def open_agreement(click: BlockAction, tx: Transaction) -> Response:
    pair = service.get(tx, parse_id(click.value), click.actor)
    return OpenView(pages.agreement_form(tx, pair))


def submit_agreement(form: ViewSubmission, tx: Transaction) -> Response:
    metadata = form.view.metadata()
    exchange_id = parse_id(metadata.get("exchange"))
    version = parse_id(metadata.get("version"))
    typed = forms.read_agreement(form.view)
    saved = agreement.change(tx, exchange_id, form.actor, typed, version=version)
    if isinstance(saved, Changed):
        return UpdateView(pages.changed_form(tx, saved, typed))
    shown = pages.page(tx, saved, notice="Saved.")
    root = form.view.root_view_id
    if root in {None, form.view.id}:
        return UpdateView(shown)
    return AfterAck(partial(show_beneath, view_id=str(root), view=shown))


def agree(click: BlockAction, tx: Transaction) -> Response:
    exchange_id, _, version = click.value.partition(":")
    is_agreed = agreement.agree(
        tx, parse_id(exchange_id), click.actor, version=parse_id(version)
    )
    pair = service.get(tx, parse_id(exchange_id), click.actor)
    return show(click, pages.page(tx, pair, notice="" if is_agreed else _CHANGED))


def end(click: BlockAction, tx: Transaction) -> Response:
    exchange_id = parse_id(click.value)
    service.end(tx, exchange_id, click.actor)
    pair = service.get(tx, exchange_id, click.actor)
    return show_note(click, _TITLE, notes.you_ended(service.name(tx, pair)))


# During it, and at the end


def after_first(click: BlockAction, tx: Transaction, *, choice: First) -> Response:
    pair = agreement.after_first(tx, parse_id(click.value), click.actor, choice)
    return show_note(click, _TITLE, notes.first_answer(service.name(tx, pair), choice))


def not_met_yet(click: BlockAction, tx: Transaction) -> Response:
    pair = agreement.not_met_yet(tx, parse_id(click.value), click.actor)
    return show_note(click, _TITLE, notes.first_later(service.name(tx, pair)))


def at_midpoint(click: BlockAction, tx: Transaction, *, choice: Midpoint) -> Response:
    exchange_id, _, until = click.value.partition(":")
    agreement.at_midpoint(tx, parse_id(exchange_id), click.actor, choice, until=until)
    return show_note(click, _TITLE, notes.midpoint_answer(choice))


def open_look(click: BlockAction, tx: Transaction) -> Response:
    pair = service.get(tx, parse_id(click.value), click.actor)
    return OpenView(pages.look_form(tx, pair))


def submit_look(form: ViewSubmission, tx: Transaction) -> Response:
    opened = form.view.metadata()
    exchange_id, until = parse_id(opened.get("exchange")), opened.get("until")
    typed = forms.read_look(form.view)
    pair = agreement.look_back(tx, exchange_id, form.actor, typed, until=until)
    goes_on = typed.goes_on and pair.own.goes_on
    text, _ = notes.looked_back(service.name(tx, pair), goes_on=goes_on)
    return UpdateView(message_modal(_TITLE, text))
