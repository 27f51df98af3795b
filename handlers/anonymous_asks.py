"""The acts of an author of an ask without a name, from their own Home tab.

No listener fetches a profile or refreshes a Home tab: the time would tell who acted.
Everyone takes the same path, and reads the same words if the ask is not theirs.
"""

from functools import partial
from typing import Any

from slack_bolt import App
from slack_sdk.models.views import View as SlackView

from bot.anonymity import (
    acts,
    authors,
    blocks,
    delay,
    drafts,
    forms,
    notes,
    replies,
    texts,
)
from bot.asks import ask_view
from bot.asks import forms as ask_forms
from bot.asks import service as asks
from bot.asks.notes import MarkMeaning
from bot.errors import UserError
from bot.home import page
from bot.kudos import service as kudos
from bot.routing import asker
from bot.routing.peers import load_peers
from bot.runtime import Runtime, Transaction
from bot.slack.actions import PublishHome
from bot.slack.blocks import message_modal
from bot.slack.text import to_mrkdwn
from bot.workspace import channels, members
from handlers import ask_form
from handlers.interactions import (
    AfterAck,
    OpenView,
    Response,
    UpdateView,
    on_button,
    on_message_shortcut,
    on_view,
    parse_id,
    refresh_nobody,
    writes,
)
from handlers.payloads import BlockAction, MessageShortcut, ViewSubmission
from handlers.requests import Request, best_effort
from models import Ask, Channel

_MEANINGS: tuple[MarkMeaning, ...] = ("solved", "helpful")


def register(app: App, rt: Runtime) -> None:
    buttons = {
        "open": open_ask,
        "close": close,
        "reopen": reopen,
        "ask_people": ask_people,
        "reply": open_reply_form,
        "reply_edit": open_edit_of_reply,
        "reply_delete": delete_reply,
        "edit": open_edit_form,
        "worked": open_what_worked_form,
        "thank": open_thank_form,
        "delete": open_delete_form,
        "reveal": open_reveal_form,
    }
    for name, listener in buttons.items():
        press = writes(listener, before=refresh_nobody)
        on_button(app, rt, f"asker_{name}", press)
    for meaning in _MEANINGS:
        mark = writes(partial(mark_answer, meaning=meaning), before=refresh_nobody)
        on_button(app, rt, f"asker_mark_{meaning}", mark)
    withdraw_draft = writes(withdraw, before=refresh_nobody)
    on_button(app, rt, "asker_withdraw", withdraw_draft)
    views = {
        "reply": submit_reply,
        "edit": submit_edit,
        "worked": submit_what_worked,
        "thank": submit_thanks,
        "delete": delete,
        "reveal": confirm_reveal,
        "reveal_again": reveal,
    }
    for name, submission in views.items():
        submit = writes(submission, before=refresh_nobody)
        on_view(app, rt, f"asker_{name}", submit)
    open_form = writes(open_reply_form_in_thread, before=refresh_nobody)
    on_message_shortcut(app, rt, "answer_anonymously", open_form)


def _thanks_source(ask: Ask) -> str:
    return f"anonymous:{ask.id}"


def _page(tx: Transaction, ask: Ask, member: str) -> blocks.AskPage:
    channel = tx.session.get_one(Channel, ask.channel_id)
    return acts.page(
        tx,
        ask,
        member,
        can_ask_people=ask.ts is not None
        and asker.can_hurry(tx, ask, channel, load_peers(tx)),
        can_thank=not kudos.has_source(tx, _thanks_source(ask)),
    )


def _show(tx: Transaction, ask: Ask, member: str) -> Response:
    """Show the ask in the modal, as it is now."""
    tx.session.flush()
    return UpdateView(blocks.ask_modal(_page(tx, ask, member)), is_required=True)


def _own(click: BlockAction, tx: Transaction) -> Ask:
    return acts.own_ask(tx, parse_id(click.value), click.actor)


def _own_of_form(form: ViewSubmission, tx: Transaction) -> Ask:
    return acts.own_ask(tx, parse_id(form.view.metadata().get("ask")), form.actor)


def open_ask(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    acts.set_seen(tx, ask)
    return OpenView(blocks.ask_modal(_page(tx, ask, click.actor)))


def withdraw(click: BlockAction, tx: Transaction) -> Response:
    drafts.withdraw_own(tx, parse_id(click.value), click.actor)
    response = OpenView(message_modal("Not posted", notes.WITHDRAWN))
    return AfterAck(partial(_redraw_home, member=click.actor), response)


def _redraw_home(request: Request, member: str) -> None:
    """Show the Home tab as it is now, and store nothing about that."""
    with request.read() as tx:
        rendered = page.render(tx, member)
    with best_effort():
        PublishHome(member, rendered.view, None, is_forced=True).send(request.slack, "")


def mark_answer(
    click: BlockAction, tx: Transaction, *, meaning: MarkMeaning
) -> Response:
    ask_id, answer_id, is_present = _parts(click.value, 3)
    ask = acts.own_ask(tx, ask_id, click.actor)
    acts.mark_answer(
        tx,
        ask,
        answer_id,
        by=click.actor,
        meaning=meaning,
        is_present=bool(is_present),
        event_micros=click.at_micros,
    )
    return _show(tx, ask, click.actor)


def _parts(value: str, count: int) -> list[int]:
    parts = value.split(":")
    if len(parts) != count:
        raise UserError(asks.ASK_GONE)
    return [parse_id(part) for part in parts]


def close(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    acts.close(tx, ask, event_micros=click.at_micros)
    return _show(tx, ask, click.actor)


def reopen(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    acts.reopen(tx, ask, event_micros=click.at_micros)
    return _show(tx, ask, click.actor)


def ask_people(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    asker.apply_hurry(tx, ask)
    return _show(tx, ask, click.actor)


def open_reply_form(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    return _switch(_reply_form(tx, ask))


def _reply_form(tx: Transaction, ask: Ask, **of_reply: Any) -> SlackView:
    """Return the form of a reply; `of_reply` are the id and text of an earlier one."""
    title, minutes = ask_view.title(tx, ask), delay.longest_minutes(tx)
    return forms.reply_form(ask.id, title, minutes=minutes, **of_reply)


def _switch(form: SlackView) -> Response:
    """Replace the modal's content by a form; submitting it shows the ask again."""
    return UpdateView(form, is_required=True)


def open_reply_form_in_thread(shortcut: MessageShortcut, tx: Transaction) -> Response:
    channel = channels.find(tx, shortcut.channel.id)
    ts = shortcut.message.thread_ts or shortcut.message.ts
    ask = asks.find_by_message(tx.session, channel.id, ts) if channel else None
    if ask is None or ask.deleted_at is not None or not authors.is_anonymous(ask):
        raise UserError(notes.ONLY_WITHOUT_NAME)
    acts.require_own(tx, ask, shortcut.actor)
    return OpenView(_reply_form(tx, ask))


def submit_reply(form: ViewSubmission, tx: Transaction) -> Response:
    ask = _own_of_form(form, tx)
    typed, reply_id = form.view.text("text"), form.view.metadata().get("reply")
    if reply_id:
        reply = replies.get(tx, ask, parse_id(reply_id))
        replies.edit(tx, ask, reply, typed, by=form.actor)
    else:
        # One modal, with one id, can show the form again; its hash changes with each.
        source = f"{form.view.id} {form.view.hash}"
        replies.submit(tx, ask, typed, by=form.actor, source=source)
    return _show(tx, ask, form.actor)


def open_edit_of_reply(click: BlockAction, tx: Transaction) -> Response:
    ask_id, reply_id = _parts(click.value, 2)
    ask = acts.own_ask(tx, ask_id, click.actor)
    reply = replies.get(tx, ask, reply_id)
    return _switch(_reply_form(tx, ask, reply_id=reply.id, text=reply.text))


def delete_reply(click: BlockAction, tx: Transaction) -> Response:
    ask_id, reply_id = _parts(click.value, 2)
    ask = acts.own_ask(tx, ask_id, click.actor)
    replies.delete(tx, replies.get(tx, ask, reply_id))
    return _show(tx, ask, click.actor)


def open_edit_form(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    form = ask_forms.ask_form(
        ask_id=ask.id,
        title=ask.title,
        details=ask.details,
        topics=ask.topics,
        channel_topics=tx.session.get_one(Channel, ask.channel_id).topics,
    )
    return _switch(forms.edit_form(form))


def submit_edit(form: ViewSubmission, tx: Transaction) -> Response:
    ask = _own_of_form(form, tx)
    acts.edit(tx, ask, ask_form.draft(form.view), by=form.actor)
    return _show(tx, ask, form.actor)


def open_what_worked_form(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    title = ask_view.title(tx, ask)
    form = ask_forms.what_worked_form(ask.id, title, ask.what_worked)
    return _switch(forms.what_worked_form(form))


def submit_what_worked(form: ViewSubmission, tx: Transaction) -> Response:
    ask = _own_of_form(form, tx)
    acts.set_what_worked(tx, ask, form.view.text("worked"), by=form.actor)
    return _show(tx, ask, form.actor)


def open_thank_form(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    people = acts.helpers(tx, ask, click.actor)
    names = members.names_in_order(tx, people)
    if not people or kudos.has_source(tx, _thanks_source(ask)):
        return _show(tx, ask, click.actor)
    helpers = list(zip(people, names, strict=True))
    return _switch(forms.thank_form(ask.id, ask_view.title(tx, ask), helpers))


def submit_thanks(form: ViewSubmission, tx: Transaction) -> Response:
    ask = _own_of_form(form, tx)
    people, reason = form.view.all_chosen("people"), form.view.text("reason")
    if not set(people) <= set(acts.helpers(tx, ask, form.actor)):
        raise UserError(notes.NOT_A_HELPER, field="people")
    mrkdwn = to_mrkdwn(reason)
    texts.require_allowed(tx, ask, mrkdwn, by=form.actor, field="reason")
    kudos.give_without_name(tx, people, mrkdwn, source=_thanks_source(ask))
    return _show(tx, ask, form.actor)


def open_delete_form(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    return _switch(forms.delete_form(ask.id, ask_view.title(tx, ask)))


def delete(form: ViewSubmission, tx: Transaction) -> Response:
    asks.mark_deleted(tx, _own_of_form(form, tx))
    return UpdateView(message_modal("Deleted", notes.DELETED))


def open_reveal_form(click: BlockAction, tx: Transaction) -> Response:
    ask = _own(click, tx)
    return _switch(forms.reveal_form(ask.id, ask_view.title(tx, ask)))


def confirm_reveal(form: ViewSubmission, tx: Transaction) -> Response:
    ask = _own_of_form(form, tx)
    channel = tx.session.get_one(Channel, ask.channel_id)
    title = ask_view.title(tx, ask)
    return UpdateView(forms.reveal_again_form(ask.id, title, channel.name))


def reveal(form: ViewSubmission, tx: Transaction) -> Response:
    acts.reveal(tx, _own_of_form(form, tx), form.actor)
    return UpdateView(message_modal("It was you", notes.REVEALED))
