"""Ask: the command, the shortcut, and the submitted forms."""

import re
from functools import partial

from slack_bolt import App

from bot.asks import actions, forms, notes, rules
from bot.asks import service as asks
from bot.asks.service import AskDraft
from bot.checkins import sharing
from bot.errors import UserError
from bot.runtime import Runtime, Transaction
from bot.slack import blocks
from bot.slack.text import sanitize, to_plain
from bot.workspace import channels
from handlers import anonymity, ask_form, routing, suggestions
from handlers.interactions import (
    AfterAck,
    CloseViews,
    OpenView,
    Reply,
    Response,
    on_button,
    on_command,
    on_global_shortcut,
    on_view,
    parse_id,
    reads,
    refresh_channel,
    refresh_nobody,
    writes,
)
from handlers.payloads import (
    BlockAction,
    Interaction,
    Message,
    SlashCommand,
    View,
    ViewSubmission,
)
from handlers.requests import Request, best_effort

_TS = re.compile(r"[0-9]{1,11}\.[0-9]{1,9}")


def register(app: App, rt: Runtime) -> None:
    on_command(app, rt, "/ask", ask)
    on_global_shortcut(app, rt, "ask", open_form)
    on_button(app, rt, "home_ask", open_form)
    on_button(app, rt, "ask_written", open_form_for_message)
    on_view(app, rt, "ask", submit_form)
    on_view(app, rt, "edit_ask", writes(edit))
    on_view(app, rt, "close_ask", writes(close))
    on_view(app, rt, "delete_ask", writes(delete))
    on_view(app, rt, "worked", writes(set_what_worked))


def ask(command: SlashCommand, request: Request) -> Response:
    text = sanitize(command.text)
    if not to_plain(text).strip():
        return reads(_empty_form, before=refresh_nobody)(command, request)
    title, details = rules.from_message(text)
    if not command.is_in_channel:
        hint = blocks.CHOOSE_CHANNEL
        return _filled_form(command, request, title, details, hint=hint)
    refresh_channel(command, request)
    with request.write() as tx:
        channel = channels.find(tx, command.channel_id)
        if channel is not None and channel.is_joined:
            new_ask = asks.open_ask(
                tx,
                channel,
                AskDraft(title, details),
                asker=command.actor,
                dedup_key=f"command:{command.trigger_id}",
            )
            ask_id, is_first = new_ask.id, new_ask.is_first_ask
        else:
            ask_id, is_first = None, False
    if ask_id is not None:
        note = suggestions.card(request, ask_id)
        after = partial(_help_asker, ask_id=ask_id, is_first=is_first)
        return Reply(*note) if note else AfterAck(after)
    hint = blocks.NOT_IN_CHANNEL_CHOOSE
    return _filled_form(command, request, title, details, hint=hint)


def _help_asker(request: Request, *, ask_id: int, is_first: bool) -> None:
    """Tell those who ask for the first time how to ask well, and offer peers to all."""
    if is_first:
        request.reply(*notes.asking_well())
    routing.offer_peers(request, ask_id)


def _filled_form(
    interaction: Interaction,
    request: Request,
    title: str,
    details: str,
    *,
    hint: str,
    is_named: bool = False,
) -> Response:
    with request.read() as tx:
        is_first = not asks.has_asked(tx, interaction.actor)
        more = [] if is_named else ask_form.more_fields(tx, None)
    return OpenView(
        forms.ask_form(
            title=title,
            details=details,
            hint=hint,
            is_first=is_first,
            more=more,
            looks=ask_form.NAMED if is_named else None,
            reports_typing=ask_form.reports_typing(request.rt.features),
        )
    )


def _empty_form(command: SlashCommand, tx: Transaction) -> Response:
    reports_typing = ask_form.reports_typing(tx.features)
    is_first = not asks.has_asked(tx, command.actor)
    if not command.is_in_channel:
        more = ask_form.more_fields(tx, None)
        return OpenView(
            forms.ask_form(is_first=is_first, more=more, reports_typing=reports_typing)
        )
    channel = channels.find(tx, command.channel_id)
    return OpenView(
        forms.ask_form(
            channel=command.channel_id,
            channel_topics=channel.topics if channel else [],
            is_first=is_first,
            more=ask_form.more_fields(tx, channel),
            reports_typing=reports_typing,
        )
    )


def open_form(interaction: Interaction, request: Request) -> Response:
    with request.read() as tx:
        is_first = not asks.has_asked(tx, interaction.actor)
        more = ask_form.more_fields(tx, None)
    reports_typing = ask_form.reports_typing(request.rt.features)
    return OpenView(
        forms.ask_form(
            use_current_channel=True,
            is_first=is_first,
            more=more,
            reports_typing=reports_typing,
        )
    )


def open_form_for_message(click: BlockAction, request: Request) -> Response:
    """Open the form with a direct message's text, which only Slack stores."""
    text = _original_text(click, request)
    title, details = rules.from_message(text) if text else ("", "")
    hint = blocks.CHOOSE_CHANNEL
    return _filled_form(click, request, title, details, hint=hint, is_named=True)


def _original_text(click: BlockAction, request: Request) -> str:
    """Return the text of the message that the button names, or "" without it."""
    if click.channel is None or not _TS.fullmatch(click.value):
        raise UserError(asks.ASK_GONE)
    with best_effort():
        for reply in request.slack.replies(click.channel.id, click.value):
            message = Message.model_validate(reply)
            if message.ts == click.value and message.user == click.actor:
                return message.text
    return ""


def submit_form(form: ViewSubmission, request: Request) -> Response:
    """Post the ask; without a name, show first how it will look."""
    if ask_form.is_anonymous(form.view):
        return anonymity.preview(form, request)
    return writes(submit, before=_refresh_form)(form, request)


def _refresh_form(form: ViewSubmission, request: Request) -> None:
    request.refresh(users=[form.actor], channel=ask_form.chosen_channel(form.view))


def submit(form: ViewSubmission, tx: Transaction) -> Response:
    draft, checkin_id = ask_form.draft(form.view), ask_form.checkin_id(form.view)
    channel = channels.get_joined(
        tx, ask_form.chosen_channel(form.view), field="channel"
    )
    checkin = origin = None
    if checkin_id is not None:
        checkin = sharing.lock_own(tx, checkin_id, form.actor)
        origin = sharing.origin_url(tx, checkin, channel)
    new_ask = asks.open_ask(
        tx,
        channel,
        draft,
        asker=form.actor,
        dedup_key=f"form:{form.view.id}",
        origin_url=origin,
    )
    if checkin is not None:
        sharing.record_ask(tx, checkin, new_ask)
    return AfterAck(partial(routing.offer_peers_in_channel, ask_id=new_ask.id))


def edit(form: ViewSubmission, tx: Transaction) -> None:
    draft = ask_form.draft(form.view)
    asks.edit(tx, asks.get(tx, _ask_id(form.view)), draft, by=form.actor)


def close(form: ViewSubmission, tx: Transaction) -> Response:
    closed_ask, reason = asks.get(tx, _ask_id(form.view)), form.view.text("reason")
    actions.close(tx, closed_ask, by=form.actor, reason=reason)
    return CloseViews()


def delete(form: ViewSubmission, tx: Transaction) -> Response:
    asks.delete(tx, asks.get(tx, _ask_id(form.view)), by=form.actor)
    return CloseViews()


def set_what_worked(form: ViewSubmission, tx: Transaction) -> None:
    solved_ask, text = asks.get(tx, _ask_id(form.view)), form.view.text("worked")
    actions.set_what_worked(tx, solved_ask, text, by=form.actor)


def _ask_id(view: View) -> int:
    return parse_id(view.metadata().get("ask"))
