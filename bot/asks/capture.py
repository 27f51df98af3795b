"""Make asks from members' own messages, and follow their edits and deletions."""

from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import exists, select

from bot.asks import (
    outcome_notifications,
    outcomes,
    replies,
    rules,
    tracked,
    unmatched,
)
from bot.asks.message_kinds import (
    ASK_CAPTURED,
    ASK_CONVERTED,
    ASK_POST,
    ASK_UPDATE_REACTION,
)
from bot.asks.permissions import DELETE, MAKE_ASK, REMOVE_CAPTURED_ASK
from bot.asks.service import (
    ASK_GONE,
    GUESTS_CANNOT_ASK,
    AskDraft,
    find_by_message,
    insert_ask,
    mark_deleted,
    notify_removed,
)
from bot.clock import datetime_to_micros, ts_to_datetime, ts_to_micros
from bot.errors import UserError
from bot.messages import tracked_messages
from bot.outbox import home_refresh
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_state
from bot.runtime import Transaction
from bot.slack.text import is_erased, sanitize
from bot.workspace import members, roles
from models import Ask, Channel, Member, OutboxItem

MESSAGE_DELETED = "That message was deleted."
MESSAGE_EDITED = "That message has just been edited. Please try again."
NOT_BY_A_PERSON = "That message is from an app."
AUTHOR_ERASED = "I no longer keep that message. To ask your peers yourself, type /ask."
AUTHOR_IS_EXTERNAL = (
    "The author is from another organisation. They can answer here, but not ask."
    " To ask your peers yourself, type /ask."
)


class AuthoredMessage(NamedTuple):
    """A member's message that may become an ask; `text` is mrkdwn."""

    ts: str
    author: str
    text: str
    # Slack's time of the last edit that the text has; 0 if it was never edited.
    edited_at_micros: int = 0


def _insert_from_message(
    tx: Transaction, channel: Channel, message: AuthoredMessage
) -> Ask | None:
    """Make a member's message an ask without notifying anyone; None if it is one.

    Replies and reactions in its thread that were stored before count from now on.
    """
    members.ensure(tx, [message.author])
    title, details = rules.from_message(message.text)
    ask = insert_ask(
        tx,
        channel,
        AskDraft(title, details),
        asker=message.author,
        dedup_key=f"message:{channel.slack_id}:{message.ts}",
        asked_at=ts_to_datetime(message.ts),
        ts=message.ts,
    )
    if ask is not None:
        ask.edited_at_micros = message.edited_at_micros
        unmatched.attach(tx, ask, channel)
    return ask


def create_from_message(
    tx: Transaction, channel: Channel, message: AuthoredMessage
) -> Ask | None:
    """Make a message an ask without notifying anyone; None if it can't be one.

    It can't if it is an ask already or was deleted, if the text is not its latest, if
    its author is a bot or external, or if it is from before its author's erasure.
    """
    ts, author = message.ts, message.author
    if _later_change(tx, channel, message):
        return None
    if members.is_bot_or_external(tx, author):
        return None
    if members.is_before_erasure(tx, author, event_micros=ts_to_micros(ts)):
        return None
    return _insert_from_message(tx, channel, message)


def capture_message(
    tx: Transaction, channel: Channel, message: AuthoredMessage
) -> Ask | None:
    """Make a message an ask by the channel's setting; None if it can't be one."""
    author = message.author
    if not channel.guests_may_ask and members.is_guest(tx, author):
        return None
    ask = create_from_message(tx, channel, message)
    if ask is None:
        return None
    ask.is_captured = True
    match channel.capture_indicator:
        case "line":
            _enqueue_thread_line(tx, ask, channel)
        case "reaction":
            tx.enqueue_update(ASK_UPDATE_REACTION, ask.id, to=channel.slack_id)
    outcomes.recompute_and_notify(tx, ask.id)
    home_refresh.refresh_homes(tx, [author])
    if ask.is_first_ask:
        tx.enqueue(ASK_CAPTURED, ask.id, to=author)
    return ask


def refuse_erased(tx: Transaction, *, ts: str, author: str) -> None:
    """Raise UserError for a message from before its author's erasure.

    Call it before the author's profile is fetched, which makes them a member again.
    """
    if members.is_before_erasure(tx, author, event_micros=ts_to_micros(ts)):
        raise UserError(AUTHOR_ERASED)


def convert_message(
    tx: Transaction, channel: Channel, message: AuthoredMessage, *, by: str
) -> Ask:
    """Make a message an ask because its author or a moderator wants it.

    `by` is the member who acts. Raises UserError, and MembershipUnknown.
    """
    author = message.author
    roles.authorize(tx, channel, MAKE_ASK, by, author=author)
    if members.is_bot(tx, author):
        raise UserError(NOT_BY_A_PERSON)
    if members.is_bot_or_external(tx, author):
        raise UserError(AUTHOR_IS_EXTERNAL)
    if not channel.guests_may_ask and members.is_guest(tx, author):
        raise UserError(GUESTS_CANNOT_ASK)
    if channel.capture != "off":
        tracked_messages.lock_channel(tx.session, channel.id)
    _refuse_changed(tx, channel, message)
    ask = _insert_from_message(tx, channel, message)
    deleted_at = None
    if ask is None:
        ask = find_by_message(tx.session, channel.id, message.ts)
        if ask is not None:
            tx.session.refresh(ask, with_for_update={"key_share": True})
            _refuse_changed(tx, channel, message)
        is_confirmed = ask is None or ask.is_confirmed or by != author
        if ask is None or (ask.deleted_at is None and is_confirmed):
            raise UserError("That message is already an ask. Answer in its thread.")
        deleted_at = ask.deleted_at
    ask.is_captured = False
    ask.is_confirmed = by == author
    restore(tx, ask, channel, is_restored=deleted_at is not None)
    if deleted_at is None:
        _enqueue_thread_line(tx, ask, channel)
    else:
        _enqueue_line_again(tx, ask, channel, deleted_at=deleted_at)
    if by != author:
        tx.enqueue(ASK_CONVERTED, ask.id, to=author, payload={"by": by})
    return ask


def _later_change(
    tx: Transaction, channel: Channel, message: AuthoredMessage
) -> str | None:
    at = message.edited_at_micros
    return unmatched.later_change(
        tx.session, channel.id, message.ts, edited_at_micros=at
    )


def _refuse_changed(
    tx: Transaction, channel: Channel, message: AuthoredMessage
) -> None:
    """Raise UserError if it was deleted or edited; lock its channel or ask before."""
    match _later_change(tx, channel, message):
        case "deletion":
            raise UserError(MESSAGE_DELETED)
        case "edit":
            raise UserError(MESSAGE_EDITED)


def restore(tx: Transaction, ask: Ask, channel: Channel, *, is_restored: bool) -> None:
    """Let an ask count; `is_restored`: it was deleted before."""
    ask.deleted_at = ask.removed_by = None
    tx.features.on_title_changed(tx, ask)
    outcomes.recompute_and_notify(tx, ask.id, is_restored=is_restored)
    outcome_notifications.update_message(tx, ask)
    replies.request_thread_sync(tx, ask, channel)


def _enqueue_thread_line(tx: Transaction, ask: Ask, channel: Channel) -> None:
    """Enqueue the bot's line in the message's thread, once."""
    tx.enqueue(ASK_POST, ask.id, to=channel.slack_id, payload={"thread_ts": ask.ts})


def _enqueue_line_again(
    tx: Transaction, ask: Ask, channel: Channel, *, deleted_at: datetime
) -> None:
    """Enqueue the line of an ask that had been deleted, and its line with it."""
    first = dedup_key(ASK_POST, ask.id, channel.slack_id)
    of_ask = {
        "installation_id": tx.workspace.id,
        "kind": ASK_POST,
        "subject_id": ask.id,
        "finished_at": None,
    }
    if find_state(tx.session, tx.workspace.id, first) != "sent":
        _enqueue_thread_line(tx, ask, channel)
    elif ask.thread_line_ts is None and not tx.session.scalar(
        select(exists(select(OutboxItem.id).filter_by(**of_ask)))
    ):
        tx.enqueue(
            ASK_POST,
            ask.id,
            to=channel.slack_id,
            payload={"thread_ts": ask.ts},
            occurrence=str(datetime_to_micros(deleted_at)),
        )


def disclaim(tx: Transaction, ask: Ask, *, by: str) -> None:
    """Turn an ask back into an ordinary message, and notify its asker.

    While a captured message has no answer, all members may do that. Raises UserError,
    and MembershipUnknown.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    is_waiting = ask.state == "open"
    _require_disclaim(tx, ask, channel, by, is_unanswered=is_waiting)
    if by == ask.asker:
        ask.is_confirmed = False
    mark_deleted(tx, ask, by=by)
    notify_removed(tx, ask, by=by)


def undo_disclaim(tx: Transaction, ask: Ask, *, by: str) -> None:
    """Undo `disclaim`. Raises UserError if the message was deleted."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    _require_disclaim(tx, ask, channel, by, is_unanswered=True)
    if ask.deleted_at is None:
        return
    if not ask.is_users_message or ask.removed_by is None:
        raise UserError(ASK_GONE)
    if by == ask.asker:
        ask.is_confirmed = True
    restore(tx, ask, channel, is_restored=True)
    if not ask.is_captured or channel.capture_indicator == "line":
        _enqueue_thread_line(tx, ask, channel)


def _require_disclaim(
    tx: Transaction, ask: Ask, channel: Channel, by: str, *, is_unanswered: bool
) -> None:
    may_all_members = ask.is_captured and is_unanswered
    action = REMOVE_CAPTURED_ASK if may_all_members else DELETE
    roles.authorize(tx, channel, action, by, author=ask.asker)


def apply_edit(tx: Transaction, ask: Ask, text: str, *, event_micros: int) -> None:
    """Apply an edit of the asker's message to the ask, unless it is an older one."""
    tx.session.refresh(ask, with_for_update={"key_share": True})
    if event_micros <= ask.edited_at_micros or is_erased(ask.asker):
        return
    ask.edited_at_micros = event_micros
    if sanitize(text) not in {ask.title, ask.details}:
        ask.title, ask.details = rules.from_message(text)
        tx.features.on_title_changed(tx, ask)


def remove_asks_by(tx: Transaction, member: Member) -> None:
    """Delete the asks of an author who turned out to be a bot or external."""
    for ask in tx.session.scalars(
        select(Ask)
        .filter_by(installation_id=member.installation_id, asker=member.slack_id)
        .where(Ask.deleted_at.is_(None))
        .order_by(Ask.id)
    ):
        mark_deleted(tx, ask)


def on_message_deleted(
    tx: Transaction,
    slack_channel: str,
    *,
    ts: str,
    thread_ts: str | None,
    author: str | None,
) -> None:
    """Delete the ask or answer whose message was deleted in Slack.

    A row is stored for a message that is not an answer, so that it does not become an
    ask or an answer later.
    """
    message = tracked.find(tx, slack_channel, ts)
    if message is None:
        return
    record = partial(
        unmatched.record,
        tx,
        channel_id=message.channel_id,
        ts=ts,
        thread_ts=thread_ts,
        author=author,
        is_deleted=True,
    )
    ask = find_by_message(tx.session, message.channel_id, ts)
    thread_ask = (
        find_by_message(tx.session, message.channel_id, thread_ts)
        if thread_ts
        else None
    )
    if ask is not None:
        # The bot's reaction was deleted with the message.
        ask.bot_reaction = None
        if ask.deleted_at is None or ask.removed_by is not None:
            mark_deleted(tx, ask)
        if ask.is_users_message:
            record()
    elif thread_ask is not None and thread_ask.thread_line_ts == ts:
        # A member deleted the bot's line; it is not posted again.
        thread_ask.thread_line_ts = None
    elif thread_ask is not None and author == tx.workspace.bot_user_id:
        # The bot deleted its line.
        pass
    elif message.answer_id is not None:
        replies.remove_reply(tx, message, ts=ts)
    elif thread_ask is not None:
        replies.record_deleted_reply(tx, thread_ask, ts=ts, author=author or "")
    elif message.is_capturing:
        record()
