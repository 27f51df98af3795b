"""The form to ask while a member fills it in: topics, and what may be similar."""

import logging

from slack_bolt import App
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as SlackView

from bot.anonymity import drafts
from bot.anonymity import forms as anonymity_forms
from bot.asks import forms, rules
from bot.asks.service import AskDraft
from bot.errors import UserError
from bot.feature import Features
from bot.knowledge import actions as knowledge
from bot.knowledge import form_suggestions
from bot.knowledge import forms as knowledge_forms
from bot.knowledge.feature import Knowledge
from bot.knowledge.form_suggestions import Look
from bot.knowledge.look_pace import LookPace, Turn
from bot.runtime import Runtime, Transaction
from bot.search.query import SearchQuery
from bot.slack.text import to_mrkdwn
from bot.workspace import channels, visibility
from handlers.interactions import (
    OpenView,
    Response,
    UpdateView,
    on_button,
    parse_id,
    parse_optional_id,
    writes,
)
from handlers.payloads import BlockAction, View
from handlers.requests import Request
from models import Channel

log = logging.getLogger(__name__)

# In the metadata of a form whose words stand elsewhere under the member's name.
NAMED = {"named": True}


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "ask_title", show_similar)
    on_button(app, rt, "ask_topics", show_similar)
    on_button(app, rt, "ask_channel", choose_channel)
    on_button(app, rt, "similar_dismiss", dismiss_similar)
    on_button(app, rt, "similar_solved", writes(accept_similar))


def checkin_id(view: View) -> int | None:
    """Return the check-in that the form was opened from, if any."""
    return parse_optional_id(view.metadata().get("checkin"))


def reports_typing(features: Features) -> bool:
    """Return True if Slack is to report each character of a question."""
    return features.get(Knowledge).looks_while_typing


def more_fields(
    tx: Transaction, channel: Channel | None, *, is_anonymous: bool = False
) -> list[Block]:
    """Return the fields of other features; `channel` is None while it is unknown."""
    is_offered = (
        drafts.is_possible(tx) if channel is None else drafts.is_offered(tx, channel)
    )
    return [anonymity_forms.checkbox(is_ticked=is_anonymous)] if is_offered else []


def is_named(view: View) -> bool:
    """Return True if the form's words stand elsewhere under the member's name."""
    return bool(view.metadata().get("named")) or checkin_id(view) is not None


def is_anonymous(view: View) -> bool:
    """Return True if the member wants to ask without their name."""
    return bool(view.all_chosen(anonymity_forms.FIELD))


def show_similar(click: BlockAction, request: Request) -> Response:
    """Show what may be similar, when the question or the topics have changed."""
    view = click.view
    if view is None:
        return None
    is_question = click.action.action_id == "ask_title"
    is_typing = is_question and reports_typing(request.rt.features)
    turn = Turn(view.id, click.at_micros, is_typing=is_typing)
    may_look = _pace(request).begin(turn, now=request.rt.clock())
    look = _look(view, is_typing=is_typing)
    if not (may_look and look.is_due):
        return None
    try:
        _refresh_profile(click, request)
    except UserError:
        if not is_typing:
            raise
        # A message over the form would be in the way of the next character.
        log.info("similar asks not shown: the profile can't be fetched")
        return None
    with request.read() as tx:
        form = _redraw(click, tx, request, view, look)
    if not _pace(request).claim_draw(turn, now=request.rt.clock()):
        return None
    return UpdateView(form, hash=view.hash)


def choose_channel(click: BlockAction, request: Request) -> Response:
    """Show the topics of the newly chosen channel, and what may be similar."""
    view, channel_id = click.view, click.action.selected_conversation
    if view is None or channel_id is None:
        return None
    turn = Turn(view.id, click.at_micros)
    _pace(request).begin(turn, now=request.rt.clock())
    look = _look(view)
    # Another channel may want suggestions where the last one did not.
    if look.is_possible:
        _refresh_profile(click, request)
    with request.read() as tx:
        channel = channels.find(tx, channel_id)
        is_seen = channel is not None and _sees(tx, channel, click.actor)
        has_topics = bool(channel and is_seen and channel.topics)
        is_offered = (
            channel is not None
            and drafts.is_offered(tx, channel)
            and not is_named(view)
        )
        changes_fields = (
            has_topics
            or view.has_block("topics")
            or is_offered != view.has_block(anonymity_forms.FIELD)
        )
        if not (changes_fields or look.is_possible):
            return None
        form = _redraw(click, tx, request, view, look)
    # The topics are needed, even if this look has been overtaken.
    _pace(request).claim_draw(turn, now=request.rt.clock())
    return UpdateView(form, hash=view.hash)


def _refresh_profile(click: BlockAction, request: Request) -> None:
    """Fetch the profile if it is stale; where people ask without a name, if unknown.

    The time of a fetch would tell who was about to ask.
    """
    with request.read() as tx:
        is_possible = drafts.is_possible(tx)
    request.refresh(users=[click.actor], only_unknown=is_possible)


def _sees(tx: Transaction, channel: Channel, member: str) -> bool:
    """Return True if the member may see the channel; raises MembershipUnknown.

    An unknown membership counts as none if people ask without a name there: Slack's
    answer would be stored, with the time at which the member filled in the form.
    """
    if drafts.is_offered(tx, channel):
        return visibility.is_known_to_see(tx, channel, member)
    return visibility.can_see(tx, channel, member)


def dismiss_similar(click: BlockAction, request: Request) -> Response:
    """Hide an entry in the form."""
    view = click.view
    if view is None:
        return None
    turn = Turn(view.id, click.at_micros)
    _pace(request).begin(turn, now=request.rt.clock())
    look = _look(view).without(parse_id(click.value))
    with request.read() as tx:
        form = _redraw(click, tx, request, view, look)
    _pace(request).claim_draw(turn, now=request.rt.clock())
    return UpdateView(form, hash=view.hash)


def accept_similar(click: BlockAction, tx: Transaction) -> Response:
    """Mark the earlier answer as helpful, over the form that is no longer needed."""
    answer = knowledge.mark_helped(
        tx, parse_id(click.value), by=click.actor, event_micros=click.at_micros
    )
    channel = tx.session.get_one(Channel, answer.channel_id)
    return OpenView(knowledge_forms.solved_unasked(channel.slack_id, answer.ts))


def _pace(request: Request) -> LookPace:
    return request.rt.features.get(Knowledge).look_pace


def _look(view: View, *, is_typing: bool = False) -> Look:
    return Look.of_view(
        view.text("title"),
        view.metadata(),
        topics=view.all_chosen("topics"),
        is_typing=is_typing,
    )


def _redraw(
    click: BlockAction, tx: Transaction, request: Request, view: View, look: Look
) -> SlackView:
    """Render the form anew with what was typed, for the channel chosen in it."""
    channel_id = click.action.selected_conversation or view.conversation("channel")
    channel = channels.find(tx, channel_id) if channel_id else None
    is_seen = channel is not None and _sees(tx, channel, click.actor)
    similar = []
    if channel is None or channel.suggests_entries:
        details = "\n".join([view.text("details"), *view.all_chosen("topics")])
        similar = form_suggestions.blocks_for(
            tx,
            request.rt.search,
            click.actor,
            SearchQuery(to_mrkdwn(look.question), to_mrkdwn(details)),
            look,
            channel_id=channel.id if channel is not None else None,
        )
    more = more_fields(tx, channel, is_anonymous=is_anonymous(view))
    return forms.ask_form(
        channel=channel_id,
        channel_topics=channel.topics if channel is not None and is_seen else [],
        title=view.text("title"),
        details=view.text("details"),
        topics=_entered_topics(view),
        checkin_id=checkin_id(view),
        is_first=view.has_block(forms.ASKING_WELL),
        similar=similar,
        more=[] if is_named(view) else more,
        looks=look.metadata() | (NAMED if is_named(view) else {}),
        is_typed=True,
        reports_typing=reports_typing(tx.features),
    )


def _entered_topics(view: View) -> list[str]:
    typed = view.text("more_topics").split(",")
    topics = [*view.all_chosen("topics"), *map(str.strip, typed)]
    return list(dict.fromkeys(filter(None, topics)))


def chosen_channel(view: View) -> str:
    channel = view.conversation("channel")
    if not channel:
        raise UserError("Choose a channel.", field="channel")
    return channel


def draft(view: View) -> AskDraft:
    title, details = rules.from_form(view.text("title"), view.text("details"))
    topics = rules.parse_topics(view.all_chosen("topics"), view.text("more_topics"))
    return AskDraft(title, details, topics)
