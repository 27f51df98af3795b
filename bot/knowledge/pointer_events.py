"""Changes to pointers by reactions to their messages, and by their deletion."""

from functools import partial

from bot.knowledge import pointers
from bot.messages.events import (
    BatchedChange,
    DeletedMessage,
    ReactionEvent,
    one_by_one,
)
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Workspace


def on_reaction(
    _rt: Runtime, _workspace: Workspace, event: ReactionEvent, message: TrackedMessage
) -> BatchedChange | None:
    """Return what a reaction says of a pointer; None if the message is none."""
    row = message.rows.get(pointers.TABLE.name)
    if row is None:
        return None
    where = pointers.place(message, row.parent_id)
    # A mark can be removed even if its emoji has no meaning any longer.
    if event.is_present and where.meaning(event.emoji) is None:
        return None
    change = partial(pointers.apply_reaction, row.id, where, event)
    return BatchedChange(one_by_one, change)


def on_message_deleted(
    _rt: Runtime,
    _workspace: Workspace,
    deleted: DeletedMessage,
    message: TrackedMessage,
    _thread: TrackedMessage | None,
) -> BatchedChange | None:
    """Return the change that the deletion of a pointer's message makes."""
    row = message.rows.get(pointers.TABLE.name)
    if row is None:
        return None
    return BatchedChange(one_by_one, partial(pointers.apply_deletion, row.id, deleted))
