"""Knowledge: what helped before, with the words of answers, as a feature."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from slack_sdk.models.blocks import Block
from sqlalchemy import ColumnElement

from bot.feature import Feature
from bot.feature.due_rows import DueRows
from bot.knowledge import (
    answer_texts,
    blocks,
    channel_settings,
    finding,
    home,
    notifications,
    outdated,
    permissions,
    personal_data,
    pointer_events,
    pointer_message,
    pointers,
    presentation,
    search_tables,
    settings,
)
from bot.knowledge.look_pace import LookPace
from bot.messages.events import BatchedChange, EditedMessage, one_by_one
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace
from models import AnswerText, Ask, Channel


def _texts_of(ids: Collection[int]) -> Sequence[ColumnElement[bool]]:
    return [AnswerText.installation_id.in_(ids)]


def _on_bot_joined(tx: Transaction, channel: Channel, _inviter: str | None) -> None:
    answer_texts.on_bot_joined(tx, channel)
    pointers.request_syncs(tx, channel)


def _on_message_edited(
    _rt: Runtime, _workspace: Workspace, edited: EditedMessage, message: TrackedMessage
) -> BatchedChange | None:
    """Return the change to the words of an answer, in case they are kept."""
    answer = message.rows.get("answers")
    if answer is None:
        return None
    change = partial(answer_texts.apply_edit, answer.id, edited)
    return BatchedChange(one_by_one, change)


def _ask_options(tx: Transaction, ask: Ask, member: str) -> Sequence[Block]:
    """Show the asker what has perhaps solved an open ask."""
    if member != ask.asker or ask.state not in {"open", "answered"}:
        return ()
    views = presentation.views(tx, member, finding.suggested(tx, ask))
    return blocks.suggestions_in_options(ask.id, views)


def _help_lines(_channel: Channel | None) -> Sequence[str]:
    return ["*Find what helped others* with `/find words`. `/find` alone opens a form."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge(Feature):
    """The feature, with the operator's choice and what its handlers share."""

    # True if the form to ask looks for what is similar at each word; else on Enter.
    looks_while_typing: bool
    look_pace: LookPace


def knowledge(*, looks_while_typing: bool) -> Knowledge:
    """Return the feature with the operator's choice."""
    return Knowledge(
        looks_while_typing=looks_while_typing,
        look_pace=LookPace(),
        name="knowledge",
        message_types=(
            *notifications.MESSAGE_TYPES,
            *outdated.MESSAGE_TYPES,
            *pointer_message.MESSAGE_TYPES,
        ),
        permissions=permissions.PERMISSIONS,
        personal_data=(
            *personal_data.PERSONAL_DATA,
            *pointer_message.PERSONAL_DATA,
            *search_tables.PERSONAL_DATA,
        ),
        erasure_lines=personal_data.ERASURE_LINES,
        message_policies=(
            *personal_data.MESSAGES,
            *outdated.MESSAGES,
            *pointer_message.MESSAGES,
        ),
        channel_settings=(channel_settings.SUGGESTS_ENTRIES,),
        member_settings=(settings.KEEPS_ANSWER_TEXTS,),
        workspace_settings=settings.WORKSPACE_SETTINGS,
        home_sections=(home.SUGGESTIONS,),
        ask_options=_ask_options,
        help_lines=_help_lines,
        due_rows=(DueRows("read-answers", AnswerText.next_fetch_at, _texts_of),),
        tracked_tables=(pointers.TABLE,),
        rows_to_lock=pointers.rows_to_lock,
        on_reaction=pointer_events.on_reaction,
        on_message_edited=_on_message_edited,
        on_message_deleted=pointer_events.on_message_deleted,
        on_member_loaded=answer_texts.on_member_loaded,
        on_bot_joined=_on_bot_joined,
        on_channel_restricted=pointers.hide_words,
        on_title_changed=pointers.update_title,
        on_answers_marked=answer_texts.on_answers_marked,
        on_answers_unmarked=answer_texts.on_answers_unmarked,
    )
