"""Read the words of answers from Slack, and tell their authors that they are kept."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.asks import ask_view
from bot.knowledge import answer_texts, notes, rules
from bot.knowledge.message_kinds import KNOWLEDGE_FETCH_ANSWER, KNOWLEDGE_NOTICE
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.slack.fetches import FetchReply
from bot.workspace import contact_hours, visibility
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import Answer, AnswerText, Channel, OutboxItem


def render_fetch(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    row = tx.session.get(AnswerText, delivery.subject_id)
    if row is None:
        return None
    answer = tx.session.get_one(Answer, row.answer_id)
    ask, channel = ask_view.load_ask(tx.session, row.ask_id)
    if ask.ts is None:
        return None
    return FetchReply(channel.slack_id, ask.ts, answer.ts)


def _lock_author_of_text(tx: Transaction, delivery: Delivery) -> None:
    row = tx.session.get(AnswerText, delivery.subject_id)
    if row is not None:
        answer_texts.lock_author(tx, row.author)


def _on_fetched(
    tx: Transaction, delivery: Delivery, message: dict[str, Any] | None
) -> None:
    item = tx.session.get_one(OutboxItem, delivery.id)
    # If it was requested anew meanwhile, it is read again.
    if item.version == delivery.version:
        answer_texts.store_fetched(tx, delivery.subject_id, message)


def _on_refused(tx: Transaction, delivery: Delivery, _error: str) -> None:
    answer_texts.postpone_fetch(tx, delivery.subject_id)


def render_notice(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    author = delivery.recipient
    texts = answer_texts.waiting_for_notice(tx, author)
    if not texts or answer_texts.was_told(tx, author):
        return None
    answers = [tx.session.get_one(Answer, row.answer_id) for row in texts]
    channels = {
        each: tx.session.get_one(Channel, each)
        for each in dict.fromkeys(answer.channel_id for answer in answers)
    }
    visible = visibility.visible_channels(
        replace(tx, now=delivery.started_at), channels.values(), author
    )
    answer = next((each for each in answers if each.channel_id in visible), None)
    if answer is None:
        return PostMessage(author, *notes.notice(notes.HIDDEN_CHANNEL, None))
    ask, channel = ask_view.load_ask(tx.session, answer.ask_id)
    note = notes.notice(
        notes.channel_part(channel.slack_id, channel.name),
        ask_view.message_url(tx, channel, answer.ts, ask),
    )
    return PostMessage(author, *note)


def _send_after(tx: Transaction, delivery: Delivery) -> datetime:
    """Return a time in the author's contact hours.

    After an import hundreds of notices wait for the same morning; they are spread.
    """
    at = contact_hours.send_after(tx, delivery)
    if at <= tx.now:
        return at
    later = at + rules.spread(delivery.recipient)
    may_contact_at = contact_hours.next_contact_time(
        replace(tx, now=later), delivery.recipient
    )
    return later if may_contact_at == later else at


def _lock_author(tx: Transaction, delivery: Delivery) -> None:
    answer_texts.lock_author(tx, delivery.recipient)


def _on_told(tx: Transaction, delivery: Delivery, _result: Any) -> None:
    answer_texts.record_notice(tx, delivery.recipient)


def _on_not_told(tx: Transaction, delivery: Delivery, _error: str) -> None:
    answer_texts.withdraw_words(tx, delivery.recipient)


MESSAGE_TYPES = (
    MessageType(
        KNOWLEDGE_FETCH_ANSWER,
        render_fetch,
        "resend",
        on_sent=_on_fetched,
        on_rejected=_on_refused,
        on_lost=_on_refused,
        is_repeated_when_back=False,
        lock=_lock_author_of_text,
    ),
    MessageType(
        KNOWLEDGE_NOTICE,
        render_notice,
        on_sent=_on_told,
        on_rejected=_on_not_told,
        on_lost=_on_not_told,
        lock=_lock_author,
        send_after=_send_after,
        claim=claim_as(Purpose.CONSENT),
    ),
)
