"""Knowledge: the words of answers that helped, as a feature."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.feature import Feature
from bot.knowledge import (
    answer_texts,
    events,
    notifications,
    personal_data,
    search_tables,
    settings,
)
from bot.monitoring import QueueDepth, due_rows, next_after
from bot.runtime import Transaction
from models import AnswerText, Channel


def _due_work(tx: Transaction) -> Mapping[str, QueueDepth]:
    here = AnswerText.installation_id == tx.workspace.id
    return {"read-answers": due_rows(tx, AnswerText.next_fetch_at, tx.now, here)}


def _next_due(tx: Transaction) -> Sequence[datetime | None]:
    here = AnswerText.installation_id == tx.workspace.id
    return [next_after(tx, AnswerText.next_fetch_at, here)]


def _on_bot_joined(tx: Transaction, channel: Channel, _inviter: str | None) -> None:
    answer_texts.on_bot_joined(tx, channel)


KNOWLEDGE = Feature(
    name="knowledge",
    message_types=notifications.MESSAGE_TYPES,
    personal_data=(*personal_data.PERSONAL_DATA, *search_tables.PERSONAL_DATA),
    message_policies=personal_data.MESSAGES,
    member_settings=(settings.KEEPS_ANSWER_TEXTS,),
    due_work=_due_work,
    next_due=_next_due,
    on_message_edited=events.on_message_edited,
    on_member_loaded=answer_texts.on_member_loaded,
    on_bot_joined=_on_bot_joined,
    on_answers_marked=answer_texts.on_answers_marked,
    on_answers_unmarked=answer_texts.on_answers_unmarked,
)
