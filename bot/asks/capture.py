"""People's own messages as asks: taken, followed, and gone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.asks import (
    answer_store,
    outcome_notifications,
    outcomes,
    replies,
    rules,
    unmatched,
)
from bot.asks.service import (
    ASK_GONE,
    GUESTS_CANNOT_ASK,
    AskDraft,
    find_by_message,
    insert_ask,
    mark_deleted,
    notify_removed,
)
from bot.clock import ts_to_datetime, ts_to_micros
from bot.errors import UserError
from bot.messages import tracked_messages
from bot.outbox import enqueue, home_refresh
from bot.permissions import Action
from bot.runtime import Workspace
from bot.slack.text import is_erased, sanitize
from bot.workspace import members, roles
from models import Ask, Channel, Member

NOT_BY_A_PERSON = "That message is from an app."
AUTHOR_ERASED = "I don't keep that message. To ask your peers yourself, type /ask."
AUTHOR_IS_EXTERNAL = (
    "The author is from another organisation. They can answer here, but not ask."
    " To ask your peers yourself, type /ask."
)


def _insert_from_message(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    *,
    ts: str,
    author: str,
    text: str,
    topics: Sequence[str] = (),
) -> Ask | None:
    """Make somebody's own message an ask; None where it is one already.

    What was seen of its thread counts from now on. Tells nobody anything.
    """
    members.ensure(session, workspace.id, [author])
    title, details = rules.from_message(text)
    ask = insert_ask(
        session,
        workspace,
        channel,
        AskDraft(title, details, topics),
        asker=author,
        dedup_key=f"message:{channel.slack_id}:{ts}",
        asked_at=ts_to_datetime(ts),
        ts=ts,
    )
    if ask is not None:
        unmatched.attach(session, ask, channel)
    return ask


def create_from_message(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    *,
    ts: str,
    author: str,
    text: str,
) -> Ask | None:
    """Make a message an ask unless it is gone, or by somebody who can't ask.

    Nor where it comes late, and its author has been forgotten meanwhile. Tells nobody
    anything.
    """
    if unmatched.was_deleted_first(session, channel.id, ts):
        return None
    if members.is_bot_or_external(session, workspace.id, author):
        return None
    if members.is_before_erasure(
        session, workspace.id, author, event_micros=ts_to_micros(ts)
    ):
        return None
    return _insert_from_message(
        session, workspace, channel, ts=ts, author=author, text=text
    )


def capture_message(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    *,
    ts: str,
    author: str,
    text: str,
    now: datetime,
) -> Ask | None:
    """Take a message as an ask because the channel is set up so."""
    if not channel.guests_may_ask and members.is_guest(session, workspace.id, author):
        return None
    ask = create_from_message(
        session, workspace, channel, ts=ts, author=author, text=text
    )
    if ask is None:
        return None
    ask.is_captured = True
    match channel.captured_sign:
        case "line":
            _enqueue_thread_line(session, ask, channel, now=now)
        case "reaction":
            enqueue.enqueue_update(
                session,
                "ask.sign",
                ask.id,
                channel.slack_id,
                installation_id=workspace.id,
                now=now,
            )
    outcomes.recompute_and_notify(session, ask.id, now=now)
    home_refresh.refresh_homes(session, workspace.id, [author], now=now)
    if ask.is_first:
        enqueue.enqueue(
            session,
            "ask.captured",
            ask.id,
            author,
            installation_id=workspace.id,
            now=now,
        )
    return ask


def refuse_erased(
    session: Session, workspace: Workspace, *, ts: str, author: str
) -> None:
    """Raises Refusal for a message of before its author was forgotten.

    To be called before the author is looked up, by which they are known anew.
    """
    if members.is_before_erasure(
        session, workspace.id, author, event_micros=ts_to_micros(ts)
    ):
        raise UserError(AUTHOR_ERASED)


def convert_message(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    *,
    ts: str,
    author: str,
    text: str,
    by: str,
    now: datetime,
) -> Ask:
    """Make a message an ask because its author, or a champion, said so."""
    roles.authorize(session, channel, Action.MAKE_ASK, by, now=now, author=author)
    if members.is_bot(session, workspace.id, author):
        raise UserError(NOT_BY_A_PERSON)
    if members.is_bot_or_external(session, workspace.id, author):
        raise UserError(AUTHOR_IS_EXTERNAL)
    if not channel.guests_may_ask and members.is_guest(session, workspace.id, author):
        raise UserError(GUESTS_CANNOT_ASK)
    ask = _insert_from_message(
        session, workspace, channel, ts=ts, author=author, text=text
    )
    is_back = ask is None
    if ask is None:
        known = find_by_message(session, channel.id, ts)
        if known is None or known.deleted_at is None:
            raise UserError(
                "That message is an ask already. Its thread is the place for answers."
            )
        ask = known
    ask.is_captured = False
    _restore(session, ask, channel, is_restored=is_back, now=now)
    _enqueue_thread_line(session, ask, channel, now=now)
    if by != author:
        enqueue.enqueue(
            session,
            "ask.made",
            ask.id,
            author,
            installation_id=workspace.id,
            now=now,
            payload={"by": by},
        )
    return ask


def _restore(
    session: Session, ask: Ask, channel: Channel, *, is_restored: bool, now: datetime
) -> None:
    ask.deleted_at = ask.removed_by = None
    outcomes.recompute_and_notify(session, ask.id, now=now, is_restored=is_restored)
    outcome_notifications.update_message(session, ask, now=now)
    replies.request_thread_sync(session, ask, channel, now=now)


def _enqueue_thread_line(
    session: Session, ask: Ask, channel: Channel, *, now: datetime
) -> None:
    """Promise the bot's line in the message's thread, once."""
    enqueue.enqueue(
        session,
        "ask.post",
        ask.id,
        channel.slack_id,
        installation_id=ask.installation_id,
        now=now,
        payload={"thread_ts": ask.ts},
    )


def disclaim(session: Session, ask: Ask, *, by: str, now: datetime) -> None:
    """Say that a message is not an ask; said twice, it is said once.

    Anybody may while nobody has answered what the channel took by itself.
    """
    channel = session.get_one(Channel, ask.channel_id)
    is_waiting = ask.state == "open"
    _require_disclaim(session, ask, channel, by, is_unanswered=is_waiting, now=now)
    mark_deleted(session, ask, now=now, by=by)
    notify_removed(session, ask, by=by, now=now)


def undo_disclaim(session: Session, ask: Ask, *, by: str, now: datetime) -> None:
    """Undo `disclaim`. Raises Refusal for a message that is gone."""
    channel = session.get_one(Channel, ask.channel_id)
    _require_disclaim(session, ask, channel, by, is_unanswered=True, now=now)
    if ask.deleted_at is None:
        return
    if not ask.is_own_message or ask.removed_by is None:
        raise UserError(ASK_GONE)
    _restore(session, ask, channel, is_restored=True, now=now)
    if not ask.is_captured or channel.captured_sign == "line":
        _enqueue_thread_line(session, ask, channel, now=now)


def _require_disclaim(
    session: Session,
    ask: Ask,
    channel: Channel,
    by: str,
    *,
    is_unanswered: bool,
    now: datetime,
) -> None:
    anybody = ask.is_captured and is_unanswered
    action = Action.REMOVE_CAPTURED_ASK if anybody else Action.DELETE
    roles.authorize(session, channel, action, by, now=now, author=ask.asker)


def apply_edit(session: Session, ask: Ask, text: str, *, event_micros: int) -> None:
    """Follow the edit of a message that is an ask; an older one changes nothing."""
    session.refresh(ask, with_for_update={"key_share": True})
    if event_micros <= ask.edited_us or is_erased(ask.asker):
        return
    ask.edited_us = event_micros
    if sanitize(text) not in {ask.title, ask.details}:
        ask.title, ask.details = rules.from_message(text)


def remove_asks_by(session: Session, member: Member, *, now: datetime) -> None:
    """What turns out to be said by a bot, or by a stranger, was no ask."""
    for ask in session.scalars(
        select(Ask)
        .filter_by(installation_id=member.installation_id, asker=member.slack_id)
        .where(Ask.deleted_at.is_(None))
        .order_by(Ask.id)
    ):
        mark_deleted(session, ask, now=now)


def on_message_deleted(
    session: Session,
    workspace: Workspace,
    slack_channel: str,
    *,
    ts: str,
    thread_ts: str | None,
    author: str | None,
    now: datetime,
) -> None:
    """A message was deleted: the ask or the answer that it was, or may yet prove to be.

    Heard of before the message itself, it leaves a row for the message to find.
    """
    place = tracked_messages.find(session, workspace.id, slack_channel, ts)
    if place is None:
        return
    ask = find_by_message(session, place.channel_id, ts)
    of_thread = (
        find_by_message(session, place.channel_id, thread_ts) if thread_ts else None
    )
    if ask is not None:
        # The bot's reaction went with the message.
        ask.sign = None
        if ask.deleted_at is None or ask.removed_by is not None:
            mark_deleted(session, ask, now=now)
    elif of_thread is not None and of_thread.line_ts == ts:
        # Somebody did not want the bot's line there: it does not come back.
        of_thread.line_ts = None
    elif place.answer_id is not None:
        replies.remove_reply(session, place, ts=ts, now=now)
    elif of_thread is not None:
        outcomes.lock(session, of_thread.id)
        is_new = answer_store.add_answer(
            session,
            ask_id=of_thread.id,
            channel_id=place.channel_id,
            ts=ts,
            author=author or "",
            is_deleted=True,
        )
        if not is_new:  # It has just come, at the same moment.
            answer_store.remove_answer(session, place.channel_id, ts)
            outcomes.recompute_and_notify(session, of_thread.id, now=now)
    elif place.is_capturing:
        unmatched.record(
            session,
            channel_id=place.channel_id,
            ts=ts,
            thread_ts=thread_ts,
            author=author,
            now=now,
            is_deleted=True,
        )
