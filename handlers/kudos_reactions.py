"""Reactions that mean kudos, and what becomes of the messages they are on."""

from functools import partial

from bot.clock import ts_to_micros
from bot.kudos import deletions, reaction_store, reactions
from bot.kudos.reaction_store import ReactionEvent
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction
from bot.slack.emoji import is_among
from handlers.batch_commit import Step
from handlers.payloads import ReactionPayload


class KudosReactionListener:
    """Asked by the listeners for reactions and messages: Bolt runs one for each."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def on_reaction(
        self, reaction: ReactionPayload, message: TrackedMessage
    ) -> Step | None:
        """What to do about a reaction; None where it has nothing to do with kudos."""
        event = ReactionEvent(
            member=reaction.user,
            channel=reaction.item.channel,
            ts=reaction.item.ts,
            emoji=reaction.reaction,
            event_micros=ts_to_micros(reaction.event_ts),
            is_present=reaction.type == "reaction_added",
            author=self._author(reaction, message),
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

    def _author(self, reaction: ReactionPayload, message: TrackedMessage) -> str | None:
        """Whom a reaction to the message thanks: who wrote it, or had it posted."""
        if message.author:
            return message.author
        is_ours = reaction.item_user == self._rt.workspace.bot_user_id
        return None if is_ours else reaction.item_user

    def _apply(self, event: ReactionEvent, tx: Transaction) -> None:
        reactions.apply_reaction(tx, event)

    def on_message_deleted(self, channel: str, ts: str) -> Step | None:
        """What to do about a message's deletion; None where no kudos are concerned."""
        workspace = self._rt.workspace
        with self._rt.autocommit.connect() as connection:
            if not reaction_store.is_referenced(connection, workspace.id, channel, ts):
                return None
        return partial(self._delete, channel, ts)

    def _delete(self, channel: str, ts: str, tx: Transaction) -> None:
        deletions.on_message_deleted(tx, channel, ts)
