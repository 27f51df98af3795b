"""Replies in a round's thread: the first of each person is their check-in.

Each function may be called any number of times, in any order, with the same result.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.answers.service import is_by_human
from bot.checkins import attendance
from bot.clock import ts_to_micros
from bot.lanes import Delivery
from bot.members import service as members
from bot.outbox import upsert
from bot.runtime import Workspace
from models import Channel, CheckIn, CheckInReply, Round


def record_reply(
    session: Session,
    workspace: Workspace,
    round_id: int,
    *,
    ts: str,
    author: str,
    now: datetime,
) -> None:
    """Somebody replied. Further replies of theirs are conversation."""
    held = attendance.lock(session, round_id)
    if held is None or members.is_bot(session, workspace.id, author):
        return
    if members.is_before_erasure(
        session, workspace.id, author, event_micros=ts_to_micros(ts)
    ):
        return
    added = session.scalar(
        upsert(session, CheckInReply)
        .values(channel_id=held.channel_id, ts=ts, round_id=held.id, author=author)
        .on_conflict_do_nothing()
        .returning(CheckInReply.author)
    )
    if added is not None:
        members.ensure(session, workspace.id, [author])
        attendance.recompute(session, held, author, now=now)


def on_user_loaded(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> None:
    """Count a person's replies that did not count while we knew nothing of them."""
    round_ids = session.scalars(
        select(CheckInReply.round_id)
        .join(Channel, Channel.id == CheckInReply.channel_id)
        .outerjoin(
            CheckIn,
            (CheckIn.round_id == CheckInReply.round_id)
            & (CheckIn.member == CheckInReply.author)
            & (CheckIn.state == "shared"),
        )
        .where(
            Channel.installation_id == workspace.id,
            CheckInReply.author == member,
            CheckInReply.is_deleted.is_(False),
            CheckIn.id.is_(None),
        )
    )
    for round_id in sorted(set(round_ids)):
        held = attendance.lock(session, round_id)
        if held is not None:
            attendance.recompute(session, held, member, now=now)


def on_reply_deleted(
    session: Session, round_id: int, *, ts: str, author: str | None, now: datetime
) -> None:
    """A reply was deleted. Heard of before the reply, it leaves a row to find.

    `author` as Slack says it, None where it does not.
    """
    held = attendance.lock(session, round_id)
    if held is None:
        return
    known = session.get(CheckInReply, (held.channel_id, ts), populate_existing=True)
    if known is None:
        if author is not None:
            session.add(
                CheckInReply(
                    channel_id=held.channel_id,
                    ts=ts,
                    round_id=held.id,
                    author=author,
                    is_deleted=True,
                )
            )
            session.flush()
        return
    if not known.is_deleted:
        known.is_deleted = True
        attendance.recompute(session, held, known.author, now=now)


def request_thread_sync(session: Session, round_: Round, *, now: datetime) -> None:
    """Ask for a look at the thread, for what was said there unheard."""
    channel = session.get_one(Channel, round_.channel_id)
    outbox.enqueue_update(
        session,
        "checkin.read",
        round_.id,
        channel.slack_id,
        installation_id=channel.installation_id,
        now=now,
    )


def resync_open_threads(session: Session, channel: Channel, *, now: datetime) -> None:
    """Look at the threads of open rounds: the bot was away, and heard nothing."""
    for one in session.scalars(
        select(Round)
        .filter_by(channel_id=channel.id, state="open")
        .where(Round.ts.is_not(None))
        .order_by(Round.id)
    ):
        request_thread_sync(session, one, now=now)


def import_thread(
    session: Session,
    delivery: Delivery,
    messages: Iterable[Mapping[str, Any]],
    now: datetime,
    workspace: Workspace,
) -> None:
    """Record the replies of a round's thread as Slack shows it."""
    one = session.get_one(Round, delivery.subject_id)
    for message in messages:
        if str(message["ts"]) != one.ts and is_by_human(message, workspace):
            record_reply(
                session,
                workspace,
                one.id,
                ts=str(message["ts"]),
                author=str(message["user"]),
                now=now,
            )
