"""Find what helped: the command, its pages, and what people say of an entry."""

import json
from dataclasses import dataclass

from slack_bolt import App

from bot.asks import forms as ask_forms
from bot.asks import notes as ask_notes
from bot.asks import service as asks
from bot.clock import datetime_to_micros
from bot.errors import UserError
from bot.knowledge import actions, blocks, entries, finding, forms, presentation
from bot.knowledge.permissions import FIND
from bot.permissions import require
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import Note, message_modal
from bot.slack.text import one_line, sanitize, to_mrkdwn, to_plain, truncate
from bot.workspace import members, roles
from handlers import ask_form
from handlers.interactions import (
    UNKNOWN_ID,
    OpenView,
    Reply,
    Response,
    UpdateView,
    on_button,
    on_command,
    on_view,
    parse_id,
    reads,
    writes,
)
from handlers.payloads import BlockAction, Interaction, SlashCommand, ViewSubmission
from handlers.requests import Request
from models import Channel

REVIEWED = {
    "works": "Thank you! It counts as right again.",
    "outdated": "Thank you! People who find it will see that.",
    "outdated by one": "Thank you! If one more person says so, people who find it will"
    " see that.",
}


def register(app: App, rt: Runtime) -> None:
    on_command(app, rt, "/find", find)
    on_button(app, rt, "home_find", open_form)
    on_view(app, rt, "find", submit)
    for action_id in ("find_page", "find_more", "find_open"):
        on_button(app, rt, action_id, turn_page)
    on_button(app, rt, "find_ask", open_ask_form)
    on_button(app, rt, "entry_helped", writes(mark_helped))
    on_button(app, rt, "entry_outdated", reads(open_outdated_form))
    on_view(app, rt, "outdated", writes(flag_outdated))
    on_button(app, rt, "entry_works", writes(confirm))


@dataclass(frozen=True, slots=True)
class _Query:
    """The words that a member looks for, and the page of the results."""

    words: str
    start: int = 0
    includes_open: bool = False


def find(command: SlashCommand, request: Request) -> Response:
    words = _words(to_plain(sanitize(command.text)))
    if not words:
        return OpenView(forms.find_form())
    request.refresh(users=[command.actor])
    return Reply(*_results(request, command.actor, _Query(words)))


def open_form(_: Interaction, __: Request) -> Response:
    return OpenView(forms.find_form())


def submit(form: ViewSubmission, request: Request) -> Response:
    words = _words(sanitize(form.view.text("words")))
    if not words:
        raise UserError("Type a few words.", field="words")
    request.refresh(users=[form.actor])
    _, shown = _results(request, form.actor, _Query(words))
    return UpdateView(forms.results_modal(shown))


def turn_page(click: BlockAction, request: Request) -> Response:
    request.refresh(users=[click.actor])
    text, shown = _results(request, click.actor, _parse_query(click.value))
    if click.is_in_modal:
        return UpdateView(forms.results_modal(shown))
    return Reply(text, shown, replace=True)


def _results(request: Request, member: str, query: _Query) -> Note:
    with request.read() as tx:
        require(FIND, roles.in_workspace(tx, member))
        page = finding.find(
            tx,
            request.rt.search,
            member,
            to_mrkdwn(query.words),
            start=query.start,
            includes_open=query.includes_open,
        )
        return presentation.results(
            tx, member, query.words, page, includes_open=query.includes_open
        )


def _words(text: str) -> str:
    return truncate(one_line(text), blocks.MAX_WORDS)


def _parse_query(value: str) -> _Query:
    """Parse a button's value. Raises UserError if it is none of ours."""
    try:
        sent = json.loads(value)
        words, start = _words(str(sent["words"])), parse_id(sent["start"])
    except (ValueError, TypeError, KeyError):
        raise UserError(UNKNOWN_ID) from None
    return _Query(words, min(start, finding.MAX_FOUND), sent.get("open") is True)


def open_ask_form(click: BlockAction, request: Request) -> Response:
    with request.read() as tx:
        is_first = not asks.has_asked(tx, click.actor)
    form = ask_forms.ask_form(
        title=to_mrkdwn(_words(click.value)),
        use_current_channel=True,
        is_first=is_first,
        reports_typing=ask_form.reports_typing(request.rt.features),
    )
    return OpenView(form)


def mark_helped(click: BlockAction, tx: Transaction) -> Response:
    answer = actions.mark_helped(
        tx, parse_id(click.value), by=click.actor, event_micros=click.at_micros
    )
    channel = tx.session.get_one(Channel, answer.channel_id)
    return Reply(*ask_notes.mark_receipt("helpful", channel.slack_id, answer.ts))


def open_outdated_form(click: BlockAction, tx: Transaction) -> Response:
    entry, _ = actions.get_entry(tx, parse_id(click.value), by=click.actor)
    title = members.text_with_names(tx, entry.title)
    return OpenView(forms.outdated_form(entry.id, title))


def flag_outdated(form: ViewSubmission, tx: Transaction) -> Response:
    reviewed = actions.review(
        tx,
        parse_id(form.view.metadata().get("entry")),
        by=form.actor,
        verdict="outdated",
        event_micros=datetime_to_micros(tx.now),
        reason=form.view.text("reason"),
    )
    # It is empty if nobody finds the entry helpful any longer.
    loaded = entries.load(tx, form.actor, [reviewed.id])
    is_old = all(entry.freshness == "old" for entry in loaded)
    verdict = "outdated" if is_old else "outdated by one"
    return UpdateView(message_modal("Thank you", REVIEWED[verdict]))


def confirm(click: BlockAction, tx: Transaction) -> Response:
    actions.review(
        tx,
        parse_id(click.value),
        by=click.actor,
        verdict="works",
        event_micros=click.at_micros,
    )
    return Reply(REVIEWED["works"])
