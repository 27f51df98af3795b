"""Changes to kudos by reactions and deletions in Slack."""

from dataclasses import replace
from functools import partial

from bot.kudos import deletions, reaction_store, reactions
from bot.messages.events import (
    BatchedChange,
    DeletedMessage,
    ReactionEvent,
    one_by_one,
)
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.emoji import is_among


def on_reaction(
    rt: Runtime, workspace: Workspace, event: ReactionEvent, message: TrackedMessage
) -> BatchedChange | None:
    """Return the change that a reaction makes; None if it is not about kudos."""
    author = _author(workspace, event, message)
    if event.is_present:
        emoji = message.join_emoji if author is None else message.kudos_emoji
    else:
        emoji = (*message.join_emoji, *message.kudos_emoji)
    is_concerned = is_among(event.emoji, emoji)
    if event.is_present and not is_concerned:
        return None
    reaction = replace(event, author=author)
    if not is_concerned:
        # What it meant when it was made counts.
        with rt.autocommit.connect() as connection:
            if not reaction_store.was_kudos(connection, message.channel_id, reaction):
                return None
    return BatchedChange(one_by_one, partial(_apply, reaction))


def _apply(event: ReactionEvent, tx: Transaction) -> None:
    reactions.apply_reaction(tx, event)


def _author(
    workspace: Workspace, event: ReactionEvent, message: TrackedMessage
) -> str | None:
    """Return whom a reaction to the message thanks: its author, or who had it posted.

    None for the bot.
    """
    if message.author:
        return message.author
    is_bot = event.author == workspace.bot_user_id
    return None if is_bot else event.author


def on_message_deleted(
    rt: Runtime,
    workspace: Workspace,
    deleted: DeletedMessage,
    _message: TrackedMessage,
    _thread: TrackedMessage | None,
) -> BatchedChange | None:
    """Return the change that a deletion makes; None if it is not about kudos."""
    with rt.autocommit.connect() as connection:
        if not reaction_store.is_referenced(
            connection, workspace.id, deleted.channel, deleted.ts
        ):
            return None
    return BatchedChange(one_by_one, partial(_delete, deleted))


def _delete(deleted: DeletedMessage, tx: Transaction) -> None:
    deletions.on_message_deleted(tx, deleted.channel, deleted.ts)
