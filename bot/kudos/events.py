"""Changes to kudos by reactions and deletions in Slack."""

from dataclasses import replace
from functools import partial

from bot.kudos import deletions, reaction_store, reactions, rules
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
    """Return the change that a reaction causes; None if it is not about kudos."""
    author = _author(workspace, event, message)
    join_emoji = rules.join_emoji(message.channel_columns["join_emoji"])
    kudos_emoji = rules.kudos_emoji(message.channel_columns["kudos_emoji"])
    if event.is_present:
        emoji = join_emoji if author is None else kudos_emoji
    else:
        emoji = (*join_emoji, *kudos_emoji)
    is_about_kudos = is_among(event.emoji, emoji)
    if event.is_present and not is_about_kudos:
        return None
    reaction = replace(event, author=author)
    if not is_about_kudos:
        # A removal counts by the meaning that the reaction had when it was added.
        with rt.autocommit.connect() as connection:
            if not reaction_store.was_kudos(connection, message.channel_id, reaction):
                return None
    return BatchedChange(reactions.apply_reactions, reaction)


def _author(
    workspace: Workspace, event: ReactionEvent, message: TrackedMessage
) -> str | None:
    """Return the member whom a reaction thanks: the author, or the requester.

    The requester had the bot post the message. None for other messages of the bot.
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
    """Return the change that a deletion causes; None if it is not about kudos."""
    with rt.autocommit.connect() as connection:
        if not reaction_store.is_referenced(
            connection, workspace.id, deleted.channel, deleted.ts
        ):
            return None
    return BatchedChange(one_by_one, partial(_delete, deleted))


def _delete(deleted: DeletedMessage, tx: Transaction) -> None:
    deletions.on_message_deleted(tx, deleted.channel, deleted.ts)
