"""Keep asks without a name decent: look first, report, hide, stop an author."""

from slack_bolt import App

from bot.anonymity import forms, notes, reports, reviews, stops
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import message_modal
from bot.workspace import members
from handlers.interactions import (
    OpenView,
    Reply,
    Response,
    UpdateView,
    on_button,
    on_view,
    parse_id,
    reads,
    writes,
)
from handlers.payloads import BlockAction, Interaction, ViewSubmission
from handlers.requests import Request


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "anonymous_accept", writes(accept, before=_fetch_if_unknown))
    open_form = reads(open_reject_form, before=_fetch_if_unknown)
    on_button(app, rt, "anonymous_reject", open_form)
    on_view(app, rt, "anonymous_reject", writes(reject, before=_fetch_if_unknown))
    on_button(app, rt, "anonymous_report", writes(report, before=_fetch_if_unknown))
    on_button(app, rt, "anonymous_show", writes(restore))
    on_button(app, rt, "anonymous_delete", writes(delete))
    on_button(app, rt, "anonymous_stop", reads(open_stop_form))
    on_view(app, rt, "anonymous_stop", writes(stop_author))
    on_button(app, rt, "anonymous_stop_everywhere", writes(stop_everywhere))


def accept(click: BlockAction, tx: Transaction) -> Response:
    reviews.accept(tx, parse_id(click.value), by=click.actor)
    return Reply(notes.CHOICE_TAKEN)


def open_reject_form(click: BlockAction, tx: Transaction) -> Response:
    draft = reviews.require_undecided(tx, parse_id(click.value), by=click.actor)
    title = members.text_with_names(tx, draft.title)
    return OpenView(forms.reject_form(draft.id, title))


def reject(form: ViewSubmission, tx: Transaction) -> Response:
    draft_id = parse_id(form.view.metadata().get("draft"))
    reviews.reject(tx, draft_id, form.view.text("reason"), by=form.actor)
    return UpdateView(message_modal("Done", notes.CHOICE_TAKEN))


def _fetch_if_unknown(press: Interaction, request: Request) -> None:
    """Fetch the actor's profile only if there is none.

    The time of a fetch would tell who has reported, and which champion pressed without
    an effect, because the ask is their own.
    """
    request.refresh(users=[press.actor], only_unknown=True)


def report(click: BlockAction, tx: Transaction) -> Response:
    reports.report(tx, parse_id(click.value), by=click.actor)
    return Reply(notes.REPORTED)


def restore(click: BlockAction, tx: Transaction) -> None:
    reports.restore(tx, parse_id(click.value), by=click.actor)


def delete(click: BlockAction, tx: Transaction) -> None:
    reports.delete_hidden(tx, parse_id(click.value), by=click.actor)


def open_stop_form(click: BlockAction, tx: Transaction) -> Response:
    ask = stops.require_stoppable(tx, parse_id(click.value), by=click.actor)
    title = members.text_with_names(tx, ask.title) or notes.ERASED_TITLE
    return OpenView(forms.stop_form(ask.id, title))


def stop_author(form: ViewSubmission, tx: Transaction) -> Response:
    ask_id = parse_id(form.view.metadata().get("ask"))
    stops.stop_author(tx, ask_id, form.view.text("reason"), by=form.actor)
    return UpdateView(message_modal("Done", notes.STOPPED))


def stop_everywhere(click: BlockAction, tx: Transaction) -> Response:
    stops.stop_everywhere(tx, parse_id(click.value), by=click.actor)
    return Reply(notes.STOPPED_EVERYWHERE)
