"""Ask: the command, the shortcut, and the forms."""

import re

from slack_bolt import App
from slack_sdk.models.views import View as SlackView

from bot.asks import actions, forms, rules
from bot.asks import service as asks
from bot.asks.service import AskDraft
from bot.checkins import sharing
from bot.errors import UserError
from bot.knowledge import actions as knowledge
from bot.knowledge import form_suggestions
from bot.knowledge import forms as knowledge_forms
from bot.knowledge.form_suggestions import Look
from bot.runtime import Runtime, Transaction
from bot.search.query import SearchQuery
from bot.slack import blocks
from bot.slack.text import sanitize, to_mrkdwn, to_plain
from bot.workspace import channels, visibility
from handlers import suggestions
from handlers.interactions import (
    CloseViews,
    OpenView,
    Reply,
    Response,
    UpdateView,
    on_button,
    on_command,
    on_global_shortcut,
    on_view,
    parse_id,
    parse_optional_id,
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
from models import Channel

_TS = re.compile(r"[0-9]{1,11}\.[0-9]{1,9}")


def register(app: App, rt: Runtime) -> None:
    on_command(app, rt, "/ask", ask)
    on_global_shortcut(app, rt, "ask", open_form)
    on_button(app, rt, "home_ask", open_form)
    on_button(app, rt, "ask_written", open_form_for_message)
    on_button(app, rt, "ask_channel", choose_channel)
    on_button(app, rt, "ask_title", show_similar)
    on_button(app, rt, "similar_dismiss", dismiss_similar)
    on_button(app, rt, "similar_solved", writes(accept_similar))
    on_view(app, rt, "ask", writes(submit, before=_refresh_form))
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
        return OpenView(forms.ask_form(title=title, details=details, hint=hint))
    refresh_channel(command, request)
    with request.write() as tx:
        channel = channels.get_or_create(tx, command.channel_id)
        if channel.is_joined:
            new_ask = asks.open_ask(
                tx,
                channel,
                AskDraft(title, details),
                asker=command.actor,
                dedup_key=f"command:{command.trigger_id}",
            )
            ask_id = new_ask.id
        else:
            ask_id = None
    if ask_id is not None:
        note = suggestions.card(request, ask_id)
        return Reply(*note) if note else None
    hint = blocks.NOT_IN_CHANNEL_CHOOSE
    return OpenView(forms.ask_form(title=title, details=details, hint=hint))


def _empty_form(command: SlashCommand, tx: Transaction) -> Response:
    if not command.is_in_channel:
        return OpenView(forms.ask_form())
    channel = channels.find(tx, command.channel_id)
    topics = channel.topics if channel else []
    return OpenView(forms.ask_form(channel=command.channel_id, channel_topics=topics))


def open_form(_: Interaction, __: Request) -> Response:
    return OpenView(forms.ask_form(use_current_channel=True))


def open_form_for_message(click: BlockAction, request: Request) -> Response:
    """Open the form with a direct message's text, which only Slack stores."""
    text = _original_text(click, request)
    title, details = rules.from_message(text) if text else ("", "")
    hint = blocks.CHOOSE_CHANNEL
    return OpenView(forms.ask_form(title=title, details=details, hint=hint))


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


def choose_channel(click: BlockAction, request: Request) -> Response:
    """Show the topics of the newly chosen channel, and what may be similar."""
    view, channel_id = click.view, click.action.selected_conversation
    if view is None or channel_id is None:
        return None
    look = form_suggestions.Look.of_view(view.text("title"), view.metadata())
    if look.is_due:
        request.refresh(users=[click.actor])
    with request.read() as tx:
        channel = channels.find(tx, channel_id)
        is_seen = channel is not None and visibility.can_see(tx, channel, click.actor)
        has_topics = bool(channel and is_seen and channel.topics)
        if not (has_topics or view.has_block("topics") or look.is_due):
            return None
        return UpdateView(_redraw(click, tx, request, view, look), hash=view.hash)


def show_similar(click: BlockAction, request: Request) -> Response:
    """Show what may be similar to the question, when Enter is pressed in it."""
    if click.view is None:
        return None
    view = click.view
    look = form_suggestions.Look.of_view(view.text("title"), view.metadata())
    if not look.is_due:
        return None
    request.refresh(users=[click.actor])
    with request.read() as tx:
        return UpdateView(_redraw(click, tx, request, view, look), hash=view.hash)


def dismiss_similar(click: BlockAction, request: Request) -> Response:
    """Hide an entry in the form."""
    if click.view is None:
        return None
    view = click.view
    look = form_suggestions.Look.of_view(view.text("title"), view.metadata())
    look = look.without(parse_id(click.value))
    with request.read() as tx:
        return UpdateView(_redraw(click, tx, request, view, look), hash=view.hash)


def accept_similar(click: BlockAction, tx: Transaction) -> Response:
    """Mark the earlier answer as helpful, over the form that is no longer needed."""
    answer = knowledge.mark_helped(
        tx, parse_id(click.value), by=click.actor, event_micros=click.at_micros
    )
    channel = tx.session.get_one(Channel, answer.channel_id)
    return OpenView(knowledge_forms.solved_unasked(channel.slack_id, answer.ts))


def _redraw(
    click: BlockAction, tx: Transaction, request: Request, view: View, look: Look
) -> SlackView:
    """Render the form anew with what was typed, for the channel chosen in it."""
    channel_id = click.action.selected_conversation or view.conversation("channel")
    channel = channels.find(tx, channel_id) if channel_id else None
    is_seen = channel is not None and visibility.can_see(tx, channel, click.actor)
    title, details = to_mrkdwn(view.text("title")), to_mrkdwn(view.text("details"))
    similar = []
    if channel is None or channel.suggests_entries:
        similar = form_suggestions.blocks_for(
            tx, request.rt.search, click.actor, SearchQuery(title, details), look
        )
    return forms.ask_form(
        channel=channel_id,
        channel_topics=channel.topics if channel is not None and is_seen else [],
        title=title,
        details=details,
        topics=_entered_topics(view),
        checkin_id=_checkin_id(view),
        similar=similar,
        looks=look.metadata(),
    )


def _entered_topics(view: View) -> list[str]:
    typed = view.text("more_topics").split(",")
    topics = [*view.all_chosen("topics"), *map(str.strip, typed)]
    return list(dict.fromkeys(filter(None, topics)))


def _refresh_form(form: ViewSubmission, request: Request) -> None:
    request.refresh(users=[form.actor], channel=_chosen_channel(form.view))


def submit(form: ViewSubmission, tx: Transaction) -> None:
    draft, checkin_id = _draft(form.view), _checkin_id(form.view)
    channel = channels.get_joined(tx, _chosen_channel(form.view), field="channel")
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


def edit(form: ViewSubmission, tx: Transaction) -> None:
    draft = _draft(form.view)
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


def _chosen_channel(view: View) -> str:
    channel = view.conversation("channel")
    if not channel:
        raise UserError("Choose a channel.", field="channel")
    return channel


def _draft(view: View) -> AskDraft:
    title, details = rules.from_form(view.text("title"), view.text("details"))
    topics = rules.parse_topics(view.all_chosen("topics"), view.text("more_topics"))
    return AskDraft(title, details, topics)


def _ask_id(view: View) -> int:
    return parse_id(view.metadata().get("ask"))


def _checkin_id(view: View) -> int | None:
    """Return the check-in that the form was opened from, if any."""
    return parse_optional_id(view.metadata().get("checkin"))
