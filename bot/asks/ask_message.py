"""The bot's message about an ask: post, update and delete it, and fetch its thread."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from bot.asks import (
    ask_view,
    blocks,
    capture,
    outcomes,
    replies,
    rules,
    thread_sync,
    unmatched,
    withdrawal,
)
from bot.asks.message_kinds import (
    ASK_DELETE_MESSAGE,
    ASK_NOT_POSTED,
    ASK_POST,
    ASK_SYNC_THREAD,
    ASK_UPDATE,
    ASK_UPDATE_REACTION,
)
from bot.db.statements import table
from bot.messages import tracked_messages
from bot.outbox import home_refresh
from bot.outbox.message_type import MessageType
from bot.outbox.posted_message import LOST, PostedMessage
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import (
    DeleteMessage,
    DeleteUnansweredMessage,
    SetReaction,
    SetReactionResult,
    SlackAction,
)
from bot.slack.api import THREAD_NOT_FOUND
from bot.slack.blocks import Note
from bot.slack.fetches import FetchReplies
from bot.slack.text import is_erased
from models import Ask, Channel

_asks = table(Ask)
_CHANNEL_OF = select(_asks.c.channel_id).where(_asks.c.id == bindparam("ask_id"))


def _lock(tx: Transaction, ask_id: int) -> None:
    """Lock the ask's channel and then the ask, as all transactions do."""
    channel_id = tx.session.scalars(_CHANNEL_OF, {"ask_id": ask_id}).one()
    tracked_messages.lock_channel(tx.session, channel_id)
    outcomes.lock(tx.session, ask_id)


def _render_post(tx: Transaction, ask: Ask, _delivery: Delivery) -> Note | None:
    return None if ask.deleted_at else _note(tx, ask)


def _render_update(tx: Transaction, ask: Ask) -> Note | None:
    if ask.deleted_at is None:
        return _note(tx, ask)
    if ask.is_hidden:
        return blocks.hidden()
    return blocks.disclaimed_line(ask.id) if ask.removed_by else None


def _note(tx: Transaction, ask: Ask) -> Note:
    """Return the ask's message, or the line in the thread of a member's own message."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    view = ask_view.view_of(tx, ask, channel)
    if ask.is_users_message:
        return blocks.thread_line_text(view), blocks.thread_line(view)
    return blocks.message_text(view), blocks.message(view)


def _thread_ts(_tx: Transaction, ask: Ask) -> str | None:
    return ask.ts if ask.is_users_message else None


def _on_posted(tx: Transaction, ask: Ask) -> None:
    """Count replies and marks that arrived before the message's `ts` was stored."""
    if ask.is_users_message:
        return
    channel = tx.session.get_one(Channel, ask.channel_id)
    if withdrawal.on_posted(tx, ask, channel):
        return
    if unmatched.attach(tx, ask, channel):
        outcomes.recompute_and_notify(tx, ask.id, force_update=True)
    home_refresh.refresh_homes(tx, [ask.asker])
    # Replies may have come before the bot could recognise their thread.
    replies.request_thread_sync(tx, ask, channel)


def _on_rejected(tx: Transaction, ask: Ask, error: str) -> None:
    """Delete the ask, and send its asker their text.

    An ask that is a member's own message stays, without the bot's line, unless the line
    has no thread to be in: the message is gone.
    """
    if not ask.is_users_message:
        ask.deleted_at, ask.state = tx.now, "deleted"
        _notify_not_posted(tx, ask, error)
    elif error == THREAD_NOT_FOUND:
        channel = tx.session.get_one(Channel, ask.channel_id)
        capture.on_message_deleted(
            tx, channel.slack_id, ts=ask.ts or "", thread_ts=None, author=ask.asker
        )


def _on_lost(tx: Transaction, ask: Ask) -> None:
    if not ask.is_users_message:
        _notify_not_posted(tx, ask, LOST)


def _notify_not_posted(tx: Transaction, ask: Ask, error: str) -> None:
    tx.enqueue(ASK_NOT_POSTED, ask.id, to=ask.asker, payload={"error": error})


def _on_deleted(_tx: Transaction, ask: Ask) -> None:
    if ask.is_users_message:
        ask.thread_line_ts = None


ASK_MESSAGE = PostedMessage(
    model=Ask,
    lock=_lock,
    ts="bot_ts",
    post=ASK_POST,
    render_post=_render_post,
    thread_ts=_thread_ts,
    on_posted=_on_posted,
    on_rejected=_on_rejected,
    on_lost=_on_lost,
    update=ASK_UPDATE,
    render_update=_render_update,
    on_deleted=_on_deleted,
)


def _render_bot_reaction(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    if ask.ts is None:
        return None
    emoji = rules.bot_reaction(
        ask.state,
        is_captured=ask.is_captured,
        capture_indicator=channel.capture_indicator,
    )
    # After a failure, any of the bot's reactions may be on the message.
    if delivery.failures or delivery.is_unconfirmed:
        others = [name for name in rules.BOT_REACTIONS if name != emoji]
    elif emoji == ask.bot_reaction:
        return None
    else:
        others = [ask.bot_reaction] if ask.bot_reaction else []
    return SetReaction(channel.slack_id, ask.ts, emoji, others)


def _on_reaction_updated(
    tx: Transaction, delivery: Delivery, result: SetReactionResult
) -> None:
    """Store the bot's reaction on the member's own message."""
    tx.session.get_one(Ask, delivery.subject_id).bot_reaction = result.emoji


def _fetch_thread(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    if ask.ts is None or ask.deleted_at or is_erased(ask.asker):
        return None
    return FetchReplies(channel.slack_id, ask.ts)


def _on_thread_fetched(
    tx: Transaction, delivery: Delivery, messages: Sequence[dict[str, Any]]
) -> None:
    ask = tx.session.get_one(Ask, delivery.subject_id)
    thread_sync.import_thread(tx, ask, messages)


def _render_delete_message(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Delete the message of an ask that was taken back.

    A reply may come in the moment before.
    """
    ts = delivery.payload["ts"]
    if withdrawal.is_withdrawn_message(tx, delivery.subject_id, ts):
        return DeleteUnansweredMessage(delivery.recipient, ts)
    return DeleteMessage(delivery.recipient, ts)


def _lock_withdrawn(tx: Transaction, delivery: Delivery) -> None:
    withdrawal.lock_withdrawn(tx, delivery.subject_id)


def _on_withdrawn_deleted(
    tx: Transaction, delivery: Delivery, is_deleted: bool | None
) -> None:
    if is_deleted is False:
        withdrawal.keep_answered(tx, delivery.subject_id, delivery.payload["ts"])


def resync_open_threads(tx: Transaction, channel: Channel) -> None:
    """Fetch the threads of open asks after the bot was out of the channel."""
    for ask in tx.session.scalars(
        select(Ask)
        .filter_by(channel_id=channel.id)
        .where(Ask.state.in_(("open", "answered")), Ask.ts.is_not(None))
        .order_by(Ask.id)
    ):
        replies.request_thread_sync(tx, ask, channel)


MESSAGE_TYPES = (
    *ASK_MESSAGE.message_types(),
    MessageType(
        ASK_UPDATE_REACTION,
        _render_bot_reaction,
        "resend",
        on_sent=_on_reaction_updated,
        lock=ASK_MESSAGE.lock_subject,
    ),
    MessageType(
        ASK_SYNC_THREAD,
        _fetch_thread,
        "resend",
        on_sent=_on_thread_fetched,
        lock=ASK_MESSAGE.lock_subject,
    ),
    MessageType(
        ASK_DELETE_MESSAGE,
        _render_delete_message,
        "resend",
        on_sent=_on_withdrawn_deleted,
        lock=_lock_withdrawn,
    ),
)
