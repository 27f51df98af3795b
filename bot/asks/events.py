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
    """Return what a reaction changes about an ask, or what may become one."""
    if not _may_concern_asks(message):
        return None
    of_ask = tracked.from_tracked(message)
    if of_ask.ask_id is None and not of_ask.is_capturing:
        return None
    # A mark may be taken back although its emoji means nothing any more.
    if event.is_present and of_ask.meaning(event.emoji) is None:
        return None
    return BatchedChange(reactions.apply_reactions, (of_ask, event))


def on_message(
    _rt: Runtime, _workspace: Workspace, message: NewMessage, thread: TrackedMessage
) -> BatchedChange | None:
    """Return what a message changes; `thread` is the first message of its thread."""
    if not _may_concern_asks(thread) or _is_of_another_feature(thread):
        return None
    of_ask = tracked.from_tracked(thread)
    if not (of_ask.is_ask or of_ask.is_capturing):
        return None
    if of_ask.ask_id is None or of_ask.is_capturing or not message.is_reply:
        return BatchedChange(one_by_one, partial(_record_message, of_ask, message))
    author = message.user or ""
    if author != of_ask.author:
        reply = ThreadReply(of_ask, of_ask.ask_id, message.ts, author)
        return BatchedChange(replies.record_replies, reply)
    if is_thanks(message.text):
        return BatchedChange(one_by_one, partial(_record_message, of_ask, message))
    return None


def _may_concern_asks(message: TrackedMessage) -> bool:
    """Return True if a query is needed; nothing is stored about most messages."""
    return message.is_capturing or bool(message.rows)


def _is_of_another_feature(message: TrackedMessage) -> bool:
    return bool(message.rows) and message.rows.keys().isdisjoint({"asks", "answers"})


def _record_message(
    thread: TrackedAskMessage, message: NewMessage, tx: Transaction
) -> None:
    if thread.is_capturing:
        tracked_messages.lock_channel(tx.session, thread.channel_id)
    # Look again: the ask may have come meanwhile.
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
        capture.capture_message(
            tx, channel, ts=message.ts, author=author, text=message.text
        )


def on_message_edited(
    _rt: Runtime, _workspace: Workspace, edited: EditedMessage, message: TrackedMessage
) -> BatchedChange | None:
    """Return what the edit of a message changes."""
    of_ask = tracked.from_tracked(message)
    if not (of_ask.is_ask or of_ask.is_capturing):
        return None
    return BatchedChange(one_by_one, partial(_apply_edit, of_ask, edited))


def _apply_edit(
    message: TrackedAskMessage, edited: EditedMessage, tx: Transaction
) -> None:
    if message.is_capturing:
        tracked_messages.lock_channel(tx.session, message.channel_id)
    ask = find_by_message(tx.session, message.channel_id, edited.ts)
    if ask is not None:
        if ask.is_users_message:
            capture.apply_edit(
                tx.session, ask, edited.text, event_micros=edited.event_micros
            )
        return
    channel = channels.get_or_create(tx, edited.channel)
    if capture_rules.should_capture(
        channel.capture, ts=edited.ts, thread_ts=edited.thread_ts, text=edited.text
    ):
        captured = capture.capture_message(
            tx, channel, ts=edited.ts, author=edited.author, text=edited.text
        )
        if captured is not None:
            captured.edited_at_micros = edited.event_micros
            # It may be old, and its thread of a time when nothing was kept.
            replies.request_thread_sync(tx, captured, channel)


def on_message_deleted(
    _rt: Runtime,
    _workspace: Workspace,
    deleted: DeletedMessage,
    message: TrackedMessage,
    thread: TrackedMessage | None,
) -> BatchedChange | None:
    """Return what a deletion changes; `thread` is the first message of its thread."""
    if _is_of_another_feature(message) or (thread and _is_of_another_feature(thread)):
        return None
    of_ask = tracked.from_tracked(message)
    is_in_ask = thread is not None and "asks" in thread.rows
    if not (of_ask.ask_id or is_in_ask or of_ask.is_capturing):
        return None
    return BatchedChange(one_by_one, partial(_apply_deletion, of_ask, deleted))


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
    """Offer to ask peers what somebody wrote to the bot; False for what is no ask."""
    text = message.text
    if not has_enough_words(text) or (is_thanks(text) and not is_question(text)):
        return False
    home.reply_to_message(tx, member=message.user or "", ts=message.ts, reply="ask")
    return True
