"""Perhaps already solved: what an asker says of the entries that they were shown."""

from slack_bolt import App

from bot.asks import references
from bot.asks import service as asks
from bot.errors import UserError
from bot.knowledge import actions, finding, notes, pointers, presentation
from bot.messages import authors
from bot.runtime import Runtime, Transaction
from bot.slack.blocks import Note
from handlers.interactions import (
    UNKNOWN_ID,
    Reply,
    Response,
    on_button,
    parse_id,
    writes,
)
from handlers.payloads import BlockAction
from handlers.requests import Request, best_effort
from models import Ask, Channel

POSTED_AGAIN = "Your ask is posted again."
REOPENED = "Your ask is open again."
DISMISSED = "OK. Your peers can answer in your ask's thread."


def register(app: App, rt: Runtime) -> None:
    on_button(app, rt, "suggestion_solved", accept)
    on_button(app, rt, "suggestion_dismiss", writes(dismiss))
    on_button(app, rt, "suggestion_undo", writes(undo))


def card(request: Request, ask_id: int) -> Note | None:
    """Return what has probably solved a new ask, for its asker; None: nothing.

    The ask is posted already, and the card must never be in its way.
    """
    with request.read() as tx:
        ask = tx.session.get_one(Ask, ask_id)
        entries = finding.suggest(tx, request.rt.search, ask)
        note = presentation.suggestion(tx, ask.id, ask.asker, entries)
    if entries:
        with request.write() as tx:
            finding.remember(tx, ask_id, entries)
    return note


def accept(click: BlockAction, request: Request) -> Response:
    """Take the ask back if nobody has answered it yet; else solve it by reference."""
    ask_id, entry_id = _parse(click.value)
    request.refresh(users=[click.actor])
    with request.read() as tx:
        if references.has_withdrawn(tx, ask_id, by=click.actor):
            # Pressed twice.
            return Reply(*notes.withdrawn(ask_id), replace=True)
        ask = asks.get(tx, ask_id)
        channel = tx.session.get_one(Channel, ask.channel_id)
        # Others have looked into it, if they have pointed to an earlier ask.
        is_early = references.can_withdraw(tx, ask) and not pointers.pointed_to(tx, ask)
        ts = ask.ts
        slack_channel = channel.slack_id
    # A reply may not have come as an event yet.
    withdraws = is_early and not (ts and _may_have_replies(request, slack_channel, ts))
    with request.write() as tx:
        if references.has_withdrawn(tx, ask_id, by=click.actor):
            # Pressed twice at the same time.
            return Reply(*notes.withdrawn(ask_id), replace=True)
        reference = references.solve(
            tx,
            asks.get(tx, ask_id),
            asks.get(tx, entry_id),
            by=click.actor,
            event_micros=click.at_micros,
            withdraws=withdraws,
        )
        note = notes.withdrawn if reference.is_withdrawn else notes.solved
    return Reply(*note(ask_id), replace=True)


def _may_have_replies(request: Request, channel: str, ts: str) -> bool:
    """Return False if nobody has replied or reacted, as Slack shows it now."""
    with best_effort():
        return any(
            bool(message.get("reactions"))
            or authors.is_by_human(message, request.workspace)
            for message in request.slack.replies(channel, ts)
        )
    # Slack does not say; then the ask is not taken back.
    return True


def dismiss(click: BlockAction, tx: Transaction) -> Response:
    """Hide an entry that is another problem, and show the others."""
    ask_id, entry_id = _parse(click.value)
    ask = asks.get(tx, ask_id)
    if ask.asker != click.actor:
        raise UserError(UNKNOWN_ID)
    actions.dismiss(tx, ask, entry_id)
    note = presentation.suggestion(tx, ask.id, ask.asker, finding.suggested(tx, ask))
    return Reply(*note, replace=True) if note else Reply(DISMISSED, replace=True)


def undo(click: BlockAction, tx: Transaction) -> Response:
    ask = asks.get(tx, parse_id(click.value), include_deleted=True)
    was_withdrawn = ask.deleted_at is not None
    references.undo(tx, ask, by=click.actor, event_micros=click.at_micros)
    # The asker may have accepted another one in the thread.
    pointers.follow_ask(tx, ask.id)
    return Reply(POSTED_AGAIN if was_withdrawn else REOPENED, replace=True)


def _parse(value: str) -> tuple[int, int]:
    ask_id, _, entry_id = value.partition(":")
    return parse_id(ask_id), parse_id(entry_id)
