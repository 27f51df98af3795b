"""The posts of rounds and of what people share, from posting to closing."""

from datetime import datetime
from typing import Literal

from sqlalchemy import Select, select

from bot.checkins import (
    blocks,
    digest,
    reminders,
    responses,
    rounds,
    schedules,
    sharing,
)
from bot.checkins.message_kinds import (
    CHECKIN_DIGEST,
    CHECKIN_NOT_POSTED,
    CHECKIN_POST,
    CHECKIN_RESPONSE,
    CHECKIN_SYNC_THREAD,
    CHECKIN_UPDATE_RESPONSE,
)
from bot.clock import ts_to_datetime
from bot.messages.tracked_messages import SYNC_THREAD_IF_OLDER_THAN
from bot.outbox import home_refresh
from bot.outbox.message_type import MessageType
from bot.outbox.posted_message import LOST, PostedMessage
from bot.outbox.queue import Delivery
from bot.runtime import Transaction, Workspace
from bot.slack.actions import FetchReplies, SlackAction
from bot.slack.blocks import Note
from bot.slack.text import is_erased
from bot.workspace import members
from models import CheckIn, Round, Schedule

# Slack's error codes for what the channel's events would have told us.
_PAUSE_REASONS = {
    "is_archived": "archived",
    "channel_not_found": "away",
    "not_in_channel": "away",
}

# Closed in one transaction.
CLOSE_BATCH_SIZE = 10


def _overdue_query(workspace: Workspace, now: datetime) -> Select[int]:
    return (
        select(Round.id)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(
            Schedule.installation_id == workspace.id,
            Round.state == "open",
            Round.ts.is_not(None),
            Round.closes_at <= now,
        )
        .order_by(Round.closes_at, Round.id)
    )


def any_to_close(tx: Transaction) -> bool:
    """Return True if `close_due` has anything to do; it blocks no writer."""
    return tx.session.scalar(_overdue_query(tx.workspace, tx.now).limit(1)) is not None


def close_due(tx: Transaction) -> int:
    """Close some of the rounds whose time is over; returns how many there were.

    Any number of processes may do so at once: the first to lock a round closes it, and
    the others find it closed.
    """
    ids = tx.session.scalars(
        _overdue_query(tx.workspace, tx.now).limit(CLOSE_BATCH_SIZE)
    ).all()
    for round_id in sorted(ids):
        round_ = rounds.lock(tx.session, round_id)
        if round_ is not None and round_.state == "open":
            _close(tx, round_)
    return len(ids)


def _close(tx: Transaction, round_: Round) -> None:
    round_.state = "closed"
    waiting = tx.session.scalars(
        select(CheckIn)
        .filter_by(round_id=round_.id, state="pending")
        .order_by(CheckIn.member)
    ).all()
    away = reminders.away_members(tx, [checkin.member for checkin in waiting])
    for checkin in waiting:
        # They have joined and shared nothing, so nothing else is to be derived.
        checkin.was_away = checkin.was_away or checkin.member in away
        checkin.state = "away" if checkin.was_away else "missed"
        checkin.remind_at = None
    tx.session.flush()
    home_refresh.refresh_homes(tx, [checkin.member for checkin in waiting])
    reminders.stop_after_misses(tx, round_)
    rounds.update_digest(tx, round_)


def on_message_deleted(tx: Transaction, round_id: int) -> None:
    """Cancel an open round whose post was deleted: nobody is asked any more."""
    round_ = rounds.lock(tx.session, round_id)
    if round_ is None:
        return
    round_.ts = None
    if round_.state != "open":
        return
    round_.state, round_.reason = "failed", "removed"
    waiting = tx.session.scalars(
        select(CheckIn).filter_by(round_id=round_.id, state="pending")
    ).all()
    for checkin in waiting:
        tx.session.delete(checkin)
    home_refresh.refresh_homes(tx, [checkin.member for checkin in waiting])


def _lock_round(tx: Transaction, round_id: int) -> None:
    rounds.lock_with_schedule(tx.session, round_id)


def _render_round(tx: Transaction, round_: Round, delivery: Delivery) -> Note | None:
    """The round's post; None once it is too late for it."""
    if round_.state == "closed":
        # Only where an erased member's name is to be removed from it.
        return digest.compose(tx, round_)
    if round_.state != "open" or delivery.started_at >= round_.post_deadline:
        return None
    previous = digest.previous_round(tx, round_)
    return blocks.round_post(sharing.view_of(tx.session, round_), previous)


def _on_round_posted(tx: Transaction, round_: Round) -> None:
    """Expect everybody who has joined to share."""
    responses.expect_participants(tx, round_)
    if tx.now - ts_to_datetime(round_.ts or "") > SYNC_THREAD_IF_OLDER_THAN:
        # Somebody may have replied before we knew the message as a round's.
        responses.request_thread_sync(tx, round_)


def _on_round_rejected(tx: Transaction, round_: Round, error: str) -> None:
    """Pause the check-in: Slack would not take the next post either."""
    round_.state, round_.reason = "failed", error
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    schedules.pause(tx, schedule, _PAUSE_REASONS.get(error, error))


def _on_round_lost(tx: Transaction, round_: Round) -> None:
    """Give up the round, and ask its owners to look."""
    round_.state, round_.reason = "failed", LOST
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    schedules.notify_skipped(tx, schedule, [round_.local_date], LOST)


def _on_round_deleted(tx: Transaction, round_: Round) -> None:
    on_message_deleted(tx, round_.id)


def _render_digest(tx: Transaction, round_: Round) -> Note | Literal["unchanged"]:
    return digest.compose(tx, round_) if round_.state == "closed" else "unchanged"


ROUND_POST = PostedMessage(
    model=Round,
    lock=_lock_round,
    post=CHECKIN_POST,
    render_post=_render_round,
    on_posted=_on_round_posted,
    on_rejected=_on_round_rejected,
    on_lost=_on_round_lost,
    update=CHECKIN_DIGEST,
    render_update=_render_digest,
    on_deleted=_on_round_deleted,
)


def _fetch_thread(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    round_ = tx.session.get_one(Round, delivery.subject_id)
    return None if round_.ts is None else FetchReplies(delivery.recipient, round_.ts)


def lock_response(tx: Transaction, checkin_id: int) -> None:
    """Lock the round of a member's check-in, as for every change of it."""
    checkin = tx.session.get(CheckIn, checkin_id)
    if checkin is not None:
        rounds.lock(tx.session, checkin.round_id)


def _render_response(
    tx: Transaction, checkin: CheckIn, _delivery: Delivery | None = None
) -> Note | None:
    if not checkin.has_text or is_erased(checkin.member):
        return None
    return response_note(tx, checkin)


def response_note(tx: Transaction, checkin: CheckIn) -> Note:
    return blocks.response_message(
        checkin.member,
        members.name(tx, checkin.member),
        sharing.prompt_of(tx.session.get_one(Round, checkin.round_id)),
        sharing.response_of(checkin),
        sharing.visible_blocker(tx, checkin),
    )


def _thread_ts(tx: Transaction, checkin: CheckIn) -> str | None:
    return tx.session.get_one(Round, checkin.round_id).ts


def _on_response_rejected(tx: Transaction, checkin: CheckIn, error: str) -> None:
    """Tell the author; it counts all the same."""
    tx.enqueue(
        CHECKIN_NOT_POSTED, checkin.id, to=checkin.member, payload={"error": error}
    )


def _update_digest(tx: Transaction, checkin: CheckIn) -> None:
    """Let the digest link to the response, or no longer."""
    round_ = tx.session.get_one(Round, checkin.round_id)
    if round_.state == "closed":
        rounds.update_digest(tx, round_)


def _on_response_deleted(tx: Transaction, checkin: CheckIn) -> None:
    checkin.ts = None
    tx.session.flush()
    _update_digest(tx, checkin)


RESPONSE = PostedMessage(
    model=CheckIn,
    lock=lock_response,
    post=CHECKIN_RESPONSE,
    render_post=_render_response,
    thread_ts=_thread_ts,
    on_posted=_update_digest,
    on_rejected=_on_response_rejected,
    update=CHECKIN_UPDATE_RESPONSE,
    render_update=_render_response,
    update_again=sharing.update_response,
    on_deleted=_on_response_deleted,
)

MESSAGE_TYPES = (
    *ROUND_POST.message_types(),
    MessageType(
        CHECKIN_SYNC_THREAD,
        _fetch_thread,
        "resend",
        on_sent=responses.import_thread,
        on_rejected=ROUND_POST.on_update_rejected,
        lock=ROUND_POST.lock_subject,
    ),
    *RESPONSE.message_types(),
)
