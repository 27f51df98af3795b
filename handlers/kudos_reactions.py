"""Reactions that mean kudos, and deletions of the messages they are on."""

from functools import partial

from bot.clock import ts_to_micros
from bot.kudos import deletions, reaction_store, reactions
from bot.kudos.reaction_store import ReactionEvent
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.emoji import is_among
from handlers.batch_commit import Step
from handlers.payloads import ReactionPayload


class KudosReactionListener:
    """Asked by the listeners for reactions and messages: Bolt runs one for each."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def on_reaction(
        self, workspace: Workspace, reaction: ReactionPayload, message: TrackedMessage
    ) -> Step | None:
        """Return the change that a reaction makes; None if it is not about kudos."""
        event = ReactionEvent(
            member=reaction.user,
            channel=reaction.item.channel,
            ts=reaction.item.ts,
            emoji=reaction.reaction,
            event_micros=ts_to_micros(reaction.event_ts),
            is_present=reaction.type == "reaction_added",
            author=_author(workspace, reaction, message),
        )
        if event.is_present:
            emoji = message.join_emoji if event.author is None else message.kudos_emoji
            is_concerned = is_among(event.emoji, emoji)
        else:
            # What it meant when it was made counts.
            with self._rt.autocommit.connect() as connection:
                is_concerned = reaction_store.was_kudos(
                    connection, message.channel_id, event
                )
                is_concerned |= is_among(
                    event.emoji, (*message.join_emoji, *message.kudos_emoji)
                )
        return partial(self._apply, event) if is_concerned else None

    def _apply(self, event: ReactionEvent, tx: Transaction) -> None:
        reactions.apply_reaction(tx, event)

    def on_message_deleted(
        self, workspace: Workspace, channel: str, ts: str
    ) -> Step | None:
        """Return the change that a deletion makes; None if it is not about kudos."""
        with self._rt.autocommit.connect() as connection:
            if not reaction_store.is_referenced(connection, workspace.id, channel, ts):
                return None
        return partial(self._delete, channel, ts)

    def _delete(self, channel: str, ts: str, tx: Transaction) -> None:
        deletions.on_message_deleted(tx, channel, ts)


def _author(
    workspace: Workspace, reaction: ReactionPayload, message: TrackedMessage
) -> str | None:
    """Return whom a reaction to the message thanks: its author, or who had it posted.

    None for the bot.
    """
    if message.author:
        return message.author
    is_bot = reaction.item_user == workspace.bot_user_id
    return None if is_bot else reaction.item_user
