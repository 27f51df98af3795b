"""Messages and reactions: what people do with asks without a command."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from slack_bolt import App

from bot.asks import actions, capture, capture_rules, replies, unmatched
from bot.asks import reactions as answers
from bot.asks import service as asks
from bot.asks.capture_rules import is_question
from bot.asks.outcome_rules import is_thanks
from bot.asks.reactions import ReactionEvent
from bot.asks.replies import ThreadReply
from bot.asks.rules import has_enough_words
from bot.clock import ts_to_micros
from bot.home import service as home
from bot.messages import authors, tracked_messages
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.text import to_plain
from bot.workspace import channels
from handlers import external_members
from handlers.batch_commit import BatchedChange, PendingCommit, Step, one_by_one
from handlers.checkin_sharing import ThreadListeners
from handlers.interactions import HELP_PHRASES, normalize_phrase
from handlers.kudos_reactions import KudosReactionListener
from handlers.payloads import (
    ChannelEvent,
    Message,
    MessageChanged,
    MessageDeleted,
    MessageEvent,
    ReactionPayload,
)


def register(bolt: App, rt: Runtime) -> None:
    listeners = Listeners(rt)
    # Bolt asks one listener after another, and there are more messages than reactions.
    bolt.event("message")(listeners.on_message)
    bolt.event("reaction_added")(listeners.on_reaction)
    bolt.event("reaction_removed")(listeners.on_reaction)


class Listeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._kudos = KudosReactionListener(rt)
        self._checkin_replies = ThreadListeners(rt)

    def on_reaction(
        self, event: dict[str, Any], workspace: Workspace
    ) -> PendingCommit | None:
        match event:
            case {"item": {"type": "message"}, "user": _}:
                seen = ReactionPayload.model_validate(event)
            case _:
                return None
        # The bot's own reactions show a state; they mark nothing.
        if seen.user == workspace.bot_user_id:
            return None
        return PendingCommit(
            partial(self._decide_reaction, workspace, seen),
            (seen.item.channel, seen.item.ts),
        )

    def _decide_reaction(
        self,
        workspace: Workspace,
        reaction: ReactionPayload,
        tracked: TrackedMessage | None,
    ) -> BatchedChange | None:
        if tracked is None:
            return None
        mark = self._ask_reaction(reaction, tracked)
        thanks = self._kudos.on_reaction(workspace, reaction, tracked)
        if thanks is None:
            return None if mark is None else BatchedChange(self._apply_reactions, mark)
        marks = [] if mark is None else [mark]
        return BatchedChange(one_by_one, partial(self._apply_with_kudos, marks, thanks))

    def _apply_with_kudos(
        self,
        marks: Sequence[tuple[TrackedMessage, ReactionEvent]],
        give_kudos: Step,
        tx: Transaction,
    ) -> None:
        if marks:
            self._apply_reactions(tx, marks)
        give_kudos(tx)

    def _ask_reaction(
        self, reaction: ReactionPayload, tracked: TrackedMessage
    ) -> tuple[TrackedMessage, ReactionEvent] | None:
        if tracked.ask_id is None and not tracked.is_capturing:
            return None
        done = ReactionEvent(
            member=reaction.user,
            channel=reaction.item.channel,
            ts=reaction.item.ts,
            emoji=reaction.reaction,
            event_micros=ts_to_micros(reaction.event_ts),
            is_present=reaction.type == "reaction_added",
        )
        # A mark may be taken back although its emoji means nothing any more.
        if done.is_present and tracked.meaning(done.emoji) is None:
            return None
        return tracked, done

    def _apply_reactions(
        self, tx: Transaction, events: Sequence[tuple[TrackedMessage, ReactionEvent]]
    ) -> None:
        answers.apply_reactions(tx, events)

    def on_message(
        self, event: dict[str, Any], workspace: Workspace
    ) -> PendingCommit | None:
        match event.get("subtype"):
            case "message_changed":
                return self._on_changed(MessageChanged.model_validate(event), workspace)
            case "message_deleted":
                deleted = MessageDeleted.model_validate(event)
                return self._on_deleted(
                    workspace,
                    deleted.channel,
                    deleted.deleted_ts,
                    deleted.previous_message,
                )
            case "channel_convert_to_private" | "channel_convert_to_public" as turned:
                is_private = turned == "channel_convert_to_private"
                channel = ChannelEvent.model_validate(event).channel
                return PendingCommit(
                    lambda: BatchedChange(
                        one_by_one, partial(self._set_private, channel, is_private)
                    )
                )
            case _ if authors.is_by_human(event, workspace):
                return self._on_posted(MessageEvent.model_validate(event), workspace)
        return None

    def _on_posted(self, message: MessageEvent, workspace: Workspace) -> PendingCommit:
        if message.channel_type == "im":
            return PendingCommit(
                lambda: BatchedChange(one_by_one, partial(self._send_help, message))
            )
        external_members.record_external_author(
            self._rt, workspace, message.user, message.author_teams
        )
        self._rt.message_counter.record(
            workspace.id, message.channel, message.user or "", message.ts
        )
        return PendingCommit(
            partial(self._decide_message, message),
            (message.channel, message.thread_ts or message.ts),
            new_message=(message.channel, message.ts),
        )

    def _decide_message(
        self, message: MessageEvent, tracked: TrackedMessage | None
    ) -> BatchedChange | None:
        if tracked is not None and tracked.round_id is not None:
            return self._checkin_replies.on_message(message, tracked.round_id)
        if tracked is None or not (tracked.is_ask or tracked.is_capturing):
            return None
        if tracked.ask_id is None or tracked.is_capturing or not message.is_reply:
            return BatchedChange(
                one_by_one, partial(self._record_message, tracked, message)
            )
        author = message.user or ""
        if author != tracked.author:
            return BatchedChange(
                self._record_replies,
                ThreadReply(tracked, tracked.ask_id, message.ts, author),
            )
        if is_thanks(message.text):
            return BatchedChange(
                one_by_one, partial(self._record_message, tracked, message)
            )
        return None

    def _record_replies(
        self, tx: Transaction, thread_replies: Sequence[ThreadReply]
    ) -> None:
        replies.record_replies(tx, thread_replies)

    def _record_message(
        self, tracked: TrackedMessage, message: MessageEvent, tx: Transaction
    ) -> None:
        if tracked.is_capturing:
            tracked_messages.lock_channel(tx.session, tracked.channel_id)
        # Look again: the ask may have come meanwhile.
        ask = asks.find_by_message(
            tx.session, tracked.channel_id, message.thread_ts or message.ts
        )
        author = message.user or ""
        if ask is not None:
            if ask.deleted_at is not None:
                return
            if message.is_reply and author == ask.asker and is_thanks(message.text):
                actions.suggest_solution(tx, ask)
            elif message.is_reply:
                replies.record_reply(tx, ask, ts=message.ts, author=author)
            return
        channel = channels.get_or_create(tx, message.channel)
        if message.is_reply:
            unmatched.record(
                tx,
                channel_id=channel.id,
                ts=message.ts,
                thread_ts=message.thread_ts,
                author=author,
            )
        elif capture_rules.should_capture(
            channel.capture,
            ts=message.ts,
            thread_ts=message.thread_ts,
            text=message.text,
        ):
            capture.capture_message(
                tx, channel, ts=message.ts, author=author, text=message.text
            )

    def _on_changed(
        self, changed: MessageChanged, workspace: Workspace
    ) -> PendingCommit | None:
        message, before = changed.message, changed.previous_message
        if message.subtype == "tombstone":
            # What remains of a deleted message that has replies.
            return self._on_deleted(workspace, changed.channel, message.ts, message)
        if not authors.is_by_human(message.model_dump(), workspace):
            return None
        if before is not None and before.text == message.text:
            # An unfurl, a detected language, a reply counted: nothing was edited.
            return None
        external_members.record_external_author(
            self._rt, workspace, message.user, message.author_teams
        )
        about = (changed.channel, message.ts)
        return PendingCommit(
            partial(self._decide_edit, changed), about, new_message=about
        )

    def _decide_edit(
        self, changed: MessageChanged, tracked: TrackedMessage | None
    ) -> BatchedChange | None:
        if tracked is None or not (tracked.is_ask or tracked.is_capturing):
            return None
        return BatchedChange(one_by_one, partial(self._apply_edit, tracked, changed))

    def _apply_edit(
        self, tracked: TrackedMessage, changed: MessageChanged, tx: Transaction
    ) -> None:
        message, _now = changed.message, tx.now
        if tracked.is_capturing:
            tracked_messages.lock_channel(tx.session, tracked.channel_id)
        ask = asks.find_by_message(tx.session, tracked.channel_id, message.ts)
        if ask is not None:
            if ask.is_own_message:
                at_us = ts_to_micros(changed.event_ts)
                capture.apply_edit(tx.session, ask, message.text, event_micros=at_us)
            return
        channel = channels.get_or_create(tx, changed.channel)
        if capture_rules.should_capture(
            channel.capture,
            ts=message.ts,
            thread_ts=message.thread_ts,
            text=message.text,
        ):
            captured = capture.capture_message(
                tx, channel, ts=message.ts, author=message.user or "", text=message.text
            )
            if captured is not None:
                captured.edited_us = ts_to_micros(changed.event_ts)
                # It may be old, and its thread of a time when nothing was kept.
                replies.request_thread_sync(tx, captured, channel)

    def _on_deleted(
        self, workspace: Workspace, channel: str, ts: str, previous: Message | None
    ) -> PendingCommit:
        thread_ts = (
            previous.thread_ts if previous is not None and previous.is_reply else None
        )
        about = [(channel, ts)] + ([(channel, thread_ts)] if thread_ts else [])

        def decide(
            place: TrackedMessage | None, thread: TrackedMessage | None = None
        ) -> BatchedChange | None:
            is_in_ask = thread is not None and thread.is_ask
            if place is None:
                return None
            thanks = self._kudos.on_message_deleted(workspace, channel, ts)
            reply_gone = self._checkin_replies.on_deleted(ts, place, thread, previous)
            if reply_gone is not None:
                return BatchedChange(one_by_one, partial(both, thanks, reply_gone))
            if not (place.ask_id or is_in_ask or place.is_capturing):
                return None if thanks is None else BatchedChange(one_by_one, thanks)
            return BatchedChange(one_by_one, partial(take_away, place, thanks))

        def both(thanks: Step | None, reply_gone: Step, tx: Transaction) -> None:
            if thanks is not None:
                thanks(tx)
            reply_gone(tx)

        def take_away(
            place: TrackedMessage, thanks: Step | None, tx: Transaction
        ) -> None:
            if thanks is not None:
                thanks(tx)
            if place.is_capturing:
                tracked_messages.lock_channel(tx.session, place.channel_id)
            capture.on_message_deleted(
                tx,
                channel,
                ts=ts,
                thread_ts=thread_ts,
                author=previous.user if previous is not None else None,
            )

        return PendingCommit(decide, *about, new_message=(channel, ts))

    def _set_private(self, channel: str, is_private: bool, tx: Transaction) -> None:
        """A channel was made private, or public: Slack says so by a message only."""
        channels.update_channel(tx, channel, is_private=is_private)

    def _send_help(self, message: MessageEvent, tx: Transaction) -> None:
        home.reply_to_message(
            tx,
            member=message.user or "",
            ts=message.ts,
            reply=_reply_kind(message.text),
        )


def _reply_kind(text: str) -> home.ReplyKind:
    if normalize_phrase(to_plain(text)) in HELP_PHRASES:
        return "help"
    if not has_enough_words(text) or (is_thanks(text) and not is_question(text)):
        return "line"
    return "ask"
