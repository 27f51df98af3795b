"""Render the direct messages to the authors of answers, as things are when sent."""

from bot.asks import answer_notes, ask_view, outcomes, references
from bot.asks.message_kinds import ANSWER_HELPED, ANSWER_HELPED_AGAIN, ANSWER_SOLVED
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.slack.text import format_month, format_recent_day
from bot.workspace import members
from bot.workspace.visibility import sees
from models import Answer, Ask, Channel


def _render_answer_helped(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    answer, ask, channel = _load_answer(tx, delivery)
    if answer.is_deleted or ask.deleted_at or answer.is_solution:
        return None
    helped = outcomes.outcome_of(tx.session, ask).helped_members.get(answer.id)
    if not helped:
        return None
    asker, *others = members.names_in_order(tx, [ask.asker, *sorted(helped)])
    note = answer_notes.answer_helped(
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, answer.ts, ask),
        asker,
        others,
    )
    return PostMessage(delivery.recipient, *note)


def _render_answer_solved(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    answer, ask, channel = _load_answer(tx, delivery)
    if answer.is_deleted or ask.deleted_at or not answer.is_solution:
        return None
    helped = outcomes.outcome_of(tx.session, ask).helped_members.get(
        answer.id, frozenset()
    )
    asker, *others = members.names_in_order(
        tx, [ask.asker, *sorted(helped - {ask.asker})]
    )
    note = answer_notes.answer_solved(
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, answer.ts, ask),
        asker,
        others,
    )
    return PostMessage(delivery.recipient, *note)


def _render_answer_helped_again(
    tx: Transaction, delivery: Delivery
) -> SlackAction | None:
    """Tell the author of an earlier answer that it has solved another ask."""
    reference = references.find(tx.session, delivery.subject_id)
    if reference is None or reference.answer_id is None:
        return None
    answer = tx.session.get_one(Answer, reference.answer_id)
    earlier, channel = ask_view.load_ask(tx.session, answer.ask_id)
    if answer.is_deleted or earlier.deleted_at or answer.author != delivery.recipient:
        return None
    asker = tx.session.get_one(Ask, reference.ask_id).asker
    zone = members.zone(tx, answer.author)
    note = answer_notes.answer_helped_again(
        ask_view.message_url(tx, channel, answer.ts, earlier),
        format_month(answer.answered_at, tx.now, zone),
        members.name(tx, asker),
        format_recent_day(reference.recorded_at, tx.now, zone),
    )
    return PostMessage(delivery.recipient, *note)


def _load_answer(tx: Transaction, delivery: Delivery) -> tuple[Answer, Ask, Channel]:
    answer = tx.session.get_one(Answer, delivery.subject_id)
    return answer, *ask_view.load_ask(tx.session, answer.ask_id)


def _earlier_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    reference = references.find(tx.session, delivery.subject_id)
    answer = tx.session.get(Answer, reference.answer_id) if reference else None
    return [answer.channel_id] if answer else []


def _answer_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    return [tx.session.get_one(Answer, delivery.subject_id).channel_id]


MESSAGE_TYPES = (
    MessageType(ANSWER_HELPED, _render_answer_helped, can_see=sees(_answer_channels)),
    MessageType(
        ANSWER_HELPED_AGAIN,
        _render_answer_helped_again,
        can_see=sees(_earlier_channels),
    ),
    MessageType(ANSWER_SOLVED, _render_answer_solved, can_see=sees(_answer_channels)),
)
