"""Knowledge: the words of answers that helped, as a feature."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import ColumnElement

from bot.feature import DueRows, Feature
from bot.knowledge import (
    answer_texts,
    notifications,
    personal_data,
    search_tables,
    settings,
)
from bot.messages.events import BatchedChange, EditedMessage, one_by_one
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace
from models import AnswerText, Channel


def _texts_of(installation_id: int) -> Sequence[ColumnElement[bool]]:
    return [AnswerText.installation_id == installation_id]


def _on_bot_joined(tx: Transaction, channel: Channel, _inviter: str | None) -> None:
    answer_texts.on_bot_joined(tx, channel)


def _on_message_edited(
    _rt: Runtime, _workspace: Workspace, edited: EditedMessage, message: TrackedMessage
) -> BatchedChange | None:
    """Return the change to the words of an answer, in case they are kept."""
    answer = message.rows.get("answers")
    if answer is None:
        return None
    change = partial(answer_texts.apply_edit, answer.id, edited)
    return BatchedChange(one_by_one, change)


KNOWLEDGE = Feature(
    name="knowledge",
    message_types=notifications.MESSAGE_TYPES,
    personal_data=(*personal_data.PERSONAL_DATA, *search_tables.PERSONAL_DATA),
    message_policies=personal_data.MESSAGES,
    member_settings=(settings.KEEPS_ANSWER_TEXTS,),
    due_rows=(DueRows("read-answers", AnswerText.next_fetch_at, _texts_of),),
    on_message_edited=_on_message_edited,
    on_member_loaded=answer_texts.on_member_loaded,
    on_bot_joined=_on_bot_joined,
    on_answers_marked=answer_texts.on_answers_marked,
    on_answers_unmarked=answer_texts.on_answers_unmarked,
)
