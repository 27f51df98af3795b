"""Already answered: point an ask to an earlier one with the same problem."""

from slack_bolt import App

from bot.asks import service as asks
from bot.errors import UserError
from bot.knowledge import finding, forms, pointer_targets, pointers, presentation
from bot.knowledge.pointer_targets import Target
from bot.runtime import Runtime, Transaction
from bot.slack.text import parse_permalink, sanitize
from bot.workspace import channels, members
from handlers.ask_actions import NO_ASK_HERE
from handlers.interactions import (
    CloseViews,
    OpenView,
    Response,
    on_message_shortcut,
    on_view,
    parse_id,
    writes,
)
from handlers.payloads import MessageShortcut, ViewSubmission
from handlers.requests import Request

NO_LINK = (
    "That's no link to a message here. Choose Copy link in the menu of the message."
)


def register(app: App, rt: Runtime) -> None:
    on_message_shortcut(app, rt, "already_answered", open_form)
    on_view(app, rt, "already_answered", writes(submit))


def open_form(shortcut: MessageShortcut, request: Request) -> Response:
    request.refresh(users=[shortcut.actor])
    with request.read() as tx:
        channel = channels.find(tx, shortcut.channel.id)
        ts = shortcut.message.thread_ts or shortcut.message.ts
        ask = asks.find_by_message(tx.session, channel.id, ts) if channel else None
        if ask is None or ask.deleted_at is not None:
            raise UserError(NO_ASK_HERE)
        pointers.require_open(tx, ask, by=shortcut.actor)
        entries = finding.answered_like(
            tx,
            request.rt.search,
            shortcut.actor,
            ask,
            excluded=pointers.pointed_to(tx, ask),
        )
        view = forms.pointer_form(
            ask.id,
            members.text_with_names(tx, ask.title),
            presentation.views(tx, shortcut.actor, entries),
        )
    return OpenView(view)


def submit(form: ViewSubmission, tx: Transaction) -> Response:
    ask = asks.get(tx, parse_id(form.view.metadata().get("ask")))
    # A person who can't see the ask learns nothing of others.
    pointers.require_open(tx, ask, by=form.actor)
    target, field = _target(form, tx)
    pointers.point(tx, ask, target, by=form.actor, field=field, occurrence=form.view.id)
    return CloseViews()


def _target(form: ViewSubmission, tx: Transaction) -> tuple[Target, str]:
    """Return the earlier ask, and the field in which it was given."""
    text = sanitize(form.view.text("link")).strip()
    chosen = form.view.chosen("entry")
    if text:
        link = parse_permalink(tx.workspace.team_url, text)
        if link is None:
            raise UserError(NO_LINK, field="link")
        return pointer_targets.find_by_link(tx, link, by=form.actor), "link"
    if chosen is None:
        raise UserError(pointers.CHOOSE, field="link")
    return pointer_targets.find_by_id(tx, parse_id(chosen), by=form.actor), "entry"
