"""Changes to the words of answers by messages in Slack."""

from functools import partial

from bot.knowledge import answer_texts
from bot.messages.events import BatchedChange, EditedMessage, one_by_one
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Workspace


def on_message_edited(
    _rt: Runtime, _workspace: Workspace, edited: EditedMessage, message: TrackedMessage
) -> BatchedChange | None:
    """Return the change to the words of an answer, in case they are kept."""
    answer = message.rows.get("answers")
    if answer is None:
        return None
    change = partial(answer_texts.apply_edit, answer.id, edited)
    return BatchedChange(one_by_one, change)
