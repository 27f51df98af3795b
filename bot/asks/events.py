"""Changes to asks by messages and reactions in Slack."""

from functools import partial

from bot.asks import (
    actions,
    capture,
    capture_rules,
    reactions,
    replies,
    tracked,
    unmatched,
)
from bot.asks.capture import AuthoredMessage
from bot.asks.capture_rules import is_question
from bot.asks.outcome_rules import is_thanks
from bot.asks.replies import ThreadReply
from bot.asks.rules import has_enough_words
from bot.asks.service import find_by_message
from bot.asks.tracked import TrackedAskMessage
from bot.home import service as home
from bot.messages import tracked_messages
from bot.messages.events import (
    BatchedChange,
    DeletedMessage,
    EditedMessage,
    NewMessage,
    ReactionEvent,
    one_by_one,
)
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace
from bot.workspace import channels


def on_reaction(
    _rt: Runtime, _workspace: Workspace, event: ReactionEvent, message: TrackedMessage
) -> BatchedChange | None:
    """Return the change that a reaction causes to an ask, or to a possible ask."""
    if not _may_concern_asks(message) or _belongs_to_another_feature(message):
        return None
    ask_message = tracked.from_tracked(message)
    if ask_message.ask_id is None and not ask_message.is_capturing:
        return None
    # A mark can be removed even if its emoji has no meaning any longer.
    if event.is_present and ask_message.meaning(event.emoji) is None:
        return None
    return BatchedChange(reactions.apply_reactions, (ask_message, event))


def on_message(
    _rt: Runtime, _workspace: Workspace, message: NewMessage, thread: TrackedMessage
) -> BatchedChange | None:
    """Return the change that a message causes; `thread` is the first in its thread."""
    if not _may_concern_asks(thread) or _belongs_to_another_feature(thread):
        return None
    ask_message = tracked.from_tracked(thread)
    if not (ask_message.is_ask or ask_message.is_capturing):
        return None
    record = BatchedChange(one_by_one, partial(_record_message, ask_message, message))
    if ask_message.ask_id is None or ask_message.is_capturing or not message.is_reply:
        return record
    author = message.user or ""
    if author != ask_message.author:
        reply = ThreadReply(ask_message, ask_message.ask_id, message.ts, author)
        return BatchedChange(replies.record_replies, reply)
    return record if is_thanks(message.text) else None


def _may_concern_asks(message: TrackedMessage) -> bool:
    """Return False for most messages: in other channels, and without any row."""
    return tracked.is_capturing(message) or bool(message.rows)


def _belongs_to_another_feature(message: TrackedMessage) -> bool:
    return bool(message.rows) and message.rows.keys().isdisjoint({"asks", "answers"})


def _record_message(
    thread: TrackedAskMessage, message: NewMessage, tx: Transaction
) -> None:
    if thread.is_capturing:
        tracked_messages.lock_channel(tx.session, thread.channel_id)
    # Query again: another transaction may have stored the ask in between.
    ask = find_by_message(
        tx.session, thread.channel_id, message.thread_ts or message.ts
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
        source = AuthoredMessage(message.ts, author, message.text)
        capture.capture_message(tx, channel, source)


def on_message_edited(
    _rt: Runtime, _workspace: Workspace, edited: EditedMessage, message: TrackedMessage
) -> BatchedChange | None:
    """Return the change that the edit of a message causes."""
    ask_message = tracked.from_tracked(message)
    if not (ask_message.is_ask or ask_message.is_capturing):
        return None
    return BatchedChange(one_by_one, partial(_apply_edit, ask_message, edited))


def _apply_edit(
    message: TrackedAskMessage, edited: EditedMessage, tx: Transaction
) -> None:
    if message.is_capturing:
        tracked_messages.lock_channel(tx.session, message.channel_id)
    ask = find_by_message(tx.session, message.channel_id, edited.ts)
    if ask is not None:
        if ask.is_users_message:
            capture.apply_edit(tx, ask, edited.text, event_micros=edited.event_micros)
        return
    channel = channels.get_or_create(tx, edited.channel)
    if channel.capture == "off" or edited.thread_ts not in {None, edited.ts}:
        return
    # The message itself, or an older edit, may arrive later.
    is_latest = unmatched.record_edit(
        tx,
        channel_id=channel.id,
        ts=edited.ts,
        author=edited.author,
        event_micros=edited.event_micros,
    )
    if is_latest and capture_rules.should_capture(
        channel.capture, ts=edited.ts, thread_ts=edited.thread_ts, text=edited.text
    ):
        source = AuthoredMessage(
            edited.ts, edited.author, edited.text, edited.event_micros
        )
        ask = capture.capture_message(tx, channel, source)
        if ask is not None:
            # The message may be old, and replies to it were not stored.
            replies.request_thread_sync(tx, ask, channel)


def on_message_deleted(
    _rt: Runtime,
    _workspace: Workspace,
    deleted: DeletedMessage,
    message: TrackedMessage,
    thread: TrackedMessage | None,
) -> BatchedChange | None:
    """Return the change that a deletion causes; `thread` is the first in its thread."""
    if _belongs_to_another_feature(message) or (
        thread and _belongs_to_another_feature(thread)
    ):
        return None
    ask_message = tracked.from_tracked(message)
    is_in_ask = thread is not None and "asks" in thread.rows
    if not (ask_message.ask_id or is_in_ask or ask_message.is_capturing):
        return None
    return BatchedChange(one_by_one, partial(_apply_deletion, ask_message, deleted))


def _apply_deletion(
    message: TrackedAskMessage, deleted: DeletedMessage, tx: Transaction
) -> None:
    if message.is_capturing:
        tracked_messages.lock_channel(tx.session, message.channel_id)
    capture.on_message_deleted(
        tx,
        deleted.channel,
        ts=deleted.ts,
        thread_ts=deleted.thread_ts,
        author=deleted.author,
    )


def on_direct_message(tx: Transaction, message: NewMessage) -> bool:
    """Offer a member who wrote to the bot to ask their peers; False for other texts."""
    text = message.text
    if not has_enough_words(text) or (is_thanks(text) and not is_question(text)):
        return False
    home.reply_to_message(tx, member=message.user or "", ts=message.ts, reply="ask")
    return True
