"""People's own messages as asks: taken, followed, and gone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import homes, outbox
from bot.answers import outcomes, registers
from bot.answers import service as answers
from bot.asks import rules
from bot.asks.service import (
    GONE,
    NO_GUESTS,
    Draft,
    add,
    by_message,
    remove,
    tell_removed,
)
from bot.clock import micros, moment
from bot.errors import Refusal
from bot.members import service as members
from bot.members.rules import Action
from bot.runtime import Workspace
from bot.text import clean, is_forgotten
from models import Ask, Channel, Member

NO_PERSON = "That message is from an app."
NOT_KEPT = "I don't keep that message. To ask your peers yourself, type /ask."
NO_STRANGER = (
    "The author is from another organisation. They can answer here, but not ask."
    " To ask your peers yourself, type /ask."
)


def take_message(
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
    members.note(session, workspace.id, [author])
    title, details = rules.from_message(text)
    ask = add(
        session,
        workspace,
        channel,
        Draft(title, details, topics),
        asker=author,
        source=f"message:{channel.slack_id}:{ts}",
        asked_at=moment(ts),
        ts=ts,
    )
    if ask is not None:
        registers.adopt(session, ask, channel)
    return ask


def recognise(
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
    if registers.was_deleted(session, channel.id, ts):
        return None
    if members.is_outsider(session, workspace.id, author):
        return None
    if members.was_forgotten(session, workspace.id, author, at_us=micros(ts)):
        return None
    return take_message(session, workspace, channel, ts=ts, author=author, text=text)


def capture(
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
    ask = recognise(session, workspace, channel, ts=ts, author=author, text=text)
    if ask is None:
        return None
    ask.is_captured = True
    match channel.captured_sign:
        case "line":
            _show_line(session, ask, channel, now=now)
        case "reaction":
            outbox.refresh(
                session,
                "ask.sign",
                ask.id,
                channel.slack_id,
                installation_id=workspace.id,
                now=now,
            )
    outcomes.resettle(session, ask.id, now=now)
    homes.refresh(session, workspace.id, [author], now=now)
    if ask.is_first:
        outbox.promise(
            session,
            "ask.captured",
            ask.id,
            author,
            installation_id=workspace.id,
            now=now,
        )
    return ask


def check_kept(session: Session, workspace: Workspace, *, ts: str, author: str) -> None:
    """Raises Refusal for a message of before its author was forgotten.

    To be called before the author is looked up, by which they are known anew.
    """
    if members.was_forgotten(session, workspace.id, author, at_us=micros(ts)):
        raise Refusal(NOT_KEPT)


def make(
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
    members.permit(session, channel, Action.MAKE_ASK, by, now=now, author=author)
    if members.is_bot(session, workspace.id, author):
        raise Refusal(NO_PERSON)
    if members.is_outsider(session, workspace.id, author):
        raise Refusal(NO_STRANGER)
    if not channel.guests_may_ask and members.is_guest(session, workspace.id, author):
        raise Refusal(NO_GUESTS)
    ask = take_message(session, workspace, channel, ts=ts, author=author, text=text)
    is_back = ask is None
    if ask is None:
        known = by_message(session, channel.id, ts)
        if known is None or known.deleted_at is None:
            raise Refusal(
                "That message is an ask already. Its thread is the place for answers."
            )
        ask = known
    ask.is_captured = False
    _bring_back(session, ask, channel, is_back=is_back, now=now)
    _show_line(session, ask, channel, now=now)
    if by != author:
        outbox.promise(
            session,
            "ask.made",
            ask.id,
            author,
            installation_id=workspace.id,
            now=now,
            detail={"by": by},
        )
    return ask


def _bring_back(
    session: Session, ask: Ask, channel: Channel, *, is_back: bool, now: datetime
) -> None:
    ask.deleted_at = ask.removed_by = None
    outcomes.resettle(session, ask.id, now=now, is_back=is_back)
    outcomes.show_again(session, ask, now=now)
    answers.read_thread(session, ask, channel, now=now)


def _show_line(session: Session, ask: Ask, channel: Channel, *, now: datetime) -> None:
    """Promise the bot's line in the message's thread, once."""
    outbox.promise(
        session,
        "ask.post",
        ask.id,
        channel.slack_id,
        installation_id=ask.installation_id,
        now=now,
        detail={"thread_ts": ask.ts},
    )


def disclaim(session: Session, ask: Ask, *, by: str, now: datetime) -> None:
    """Say that a message is not an ask; said twice, it is said once.

    Anybody may while nobody has answered what the channel took by itself.
    """
    channel = session.get_one(Channel, ask.channel_id)
    is_waiting = ask.state == "open"
    _check_disclaim(session, ask, channel, by, is_waiting=is_waiting, now=now)
    remove(session, ask, now=now, by=by)
    tell_removed(session, ask, by=by, now=now)


def reclaim(session: Session, ask: Ask, *, by: str, now: datetime) -> None:
    """Undo `disclaim`. Raises Refusal for a message that is gone."""
    channel = session.get_one(Channel, ask.channel_id)
    _check_disclaim(session, ask, channel, by, is_waiting=True, now=now)
    if ask.deleted_at is None:
        return
    if not ask.is_own_message or ask.removed_by is None:
        raise Refusal(GONE)
    _bring_back(session, ask, channel, is_back=True, now=now)
    if not ask.is_captured or channel.captured_sign == "line":
        _show_line(session, ask, channel, now=now)


def _check_disclaim(
    session: Session,
    ask: Ask,
    channel: Channel,
    by: str,
    *,
    is_waiting: bool,
    now: datetime,
) -> None:
    anybody = ask.is_captured and is_waiting
    action = Action.DISCLAIM if anybody else Action.DELETE
    members.permit(session, channel, action, by, now=now, author=ask.asker)


def reword(session: Session, ask: Ask, text: str, *, at_us: int) -> None:
    """Follow the edit of a message that is an ask; an older one changes nothing."""
    session.refresh(ask, with_for_update={"key_share": True})
    if at_us <= ask.edited_us or is_forgotten(ask.asker):
        return
    ask.edited_us = at_us
    if clean(text) not in {ask.title, ask.details}:
        ask.title, ask.details = rules.from_message(text)


def disown(session: Session, outsider: Member, *, now: datetime) -> None:
    """What turns out to be said by a bot, or by a stranger, was no ask."""
    for ask in session.scalars(
        select(Ask)
        .filter_by(installation_id=outsider.installation_id, asker=outsider.slack_id)
        .where(Ask.deleted_at.is_(None))
        .order_by(Ask.id)
    ):
        remove(session, ask, now=now)


def message_gone(
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
    place = registers.locate(session, workspace.id, slack_channel, ts)
    if place is None:
        return
    ask = by_message(session, place.channel_id, ts)
    of_thread = by_message(session, place.channel_id, thread_ts) if thread_ts else None
    if ask is not None:
        # The bot's reaction went with the message.
        ask.sign = None
        if ask.deleted_at is None or ask.removed_by is not None:
            remove(session, ask, now=now)
    elif of_thread is not None and of_thread.line_ts == ts:
        # Somebody did not want the bot's line there: it does not come back.
        of_thread.line_ts = None
    elif place.answer_id is not None:
        answers.remove_reply(session, place, ts=ts, now=now)
    elif of_thread is not None:
        outcomes.hold(session, of_thread.id)
        is_new = registers.add_answer(
            session,
            ask_id=of_thread.id,
            channel_id=place.channel_id,
            ts=ts,
            author=author or "",
            is_deleted=True,
        )
        if not is_new:  # It has just come, at the same moment.
            registers.remove_answer(session, place.channel_id, ts)
            outcomes.resettle(session, of_thread.id, now=now)
    elif place.is_capturing:
        registers.sight(
            session,
            channel_id=place.channel_id,
            ts=ts,
            thread_ts=thread_ts,
            author=author,
            now=now,
            is_deleted=True,
        )
