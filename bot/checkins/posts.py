"""The posts of rounds and responses: render, send and update them."""

from typing import Literal

from sqlalchemy import func, select

from bot.checkins import blocks, closing, responses, rounds, schedules, sharing
from bot.checkins.blocks import PreviousRound
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
from bot.outbox.message_type import MessageType
from bot.outbox.posted_message import LOST, PostedMessage
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import SlackAction
from bot.slack.blocks import Note
from bot.slack.fetches import FetchReplies
from bot.slack.text import ERASED_PREFIX, is_erased, permalink
from bot.workspace import members
from models import Ask, Channel, CheckIn, Round, Schedule

# Reasons for a pause by Slack's error codes. Events would give the same reasons.
_PAUSE_REASONS = {
    "is_archived": "archived",
    "channel_not_found": "away",
    "not_in_channel": "away",
}


def _lock_round(tx: Transaction, round_id: int) -> None:
    rounds.lock_with_schedule(tx.session, round_id)


def _render_round(tx: Transaction, round_: Round, delivery: Delivery) -> Note | None:
    """Return the round's post; None after its deadline."""
    if round_.state == "closed":
        # A redaction renders the message again after the round has closed.
        return closing.compose_digest(tx, round_)
    if round_.state != "open" or delivery.started_at >= round_.post_deadline:
        return None
    previous = _previous_round(tx, round_)
    return blocks.round_post(sharing.view_of(tx.session, round_), previous)


def _previous_round(tx: Transaction, round_: Round) -> PreviousRound | None:
    """Return the outcome of the previous round; None without one.

    Also None if nobody shared in it, or its post is gone.
    """
    previous = tx.session.scalar(
        select(Round)
        .where(
            Round.schedule_id == round_.schedule_id,
            Round.due_at < round_.due_at,
            Round.state.in_(("open", "closed", "failed")),
        )
        .order_by(Round.due_at.desc())
        .limit(1)
    )
    if previous is None or previous.ts is None:
        return None
    shared, solved = tx.session.execute(
        select(func.count(), func.count(Ask.id))
        .select_from(CheckIn)
        .outerjoin(Ask, (Ask.id == CheckIn.ask_id) & (Ask.state == "solved"))
        .where(
            CheckIn.round_id == previous.id,
            CheckIn.state == "shared",
            # The linked digest does not count erased members either.
            ~CheckIn.member.startswith(ERASED_PREFIX),
        )
    ).one()
    if not shared:
        return None
    channel = tx.session.get_one(Channel, previous.channel_id)
    url = permalink(tx.workspace.team_url, channel.slack_id, previous.ts)
    return PreviousRound(url, shared, solved)


def _on_round_posted(tx: Transaction, round_: Round) -> None:
    """Add a pending response for each participant."""
    responses.expect_participants(tx, round_)
    if tx.now - ts_to_datetime(round_.ts or "") > SYNC_THREAD_IF_OLDER_THAN:
        # Replies may have come before the bot could recognise their thread.
        responses.request_thread_sync(tx, round_)


def _on_round_rejected(tx: Transaction, round_: Round, error: str) -> None:
    """Pause the check-in: Slack would reject the next post, too."""
    round_.state, round_.reason = "failed", error
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    schedules.pause(tx, schedule, _PAUSE_REASONS.get(error, error))


def _on_round_lost(tx: Transaction, round_: Round) -> None:
    """Mark the round as failed, and ask its owners to check the channel."""
    round_.state, round_.reason = "failed", LOST
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    schedules.notify_skipped(tx, schedule, [round_.local_date], LOST)


def _on_round_deleted(tx: Transaction, round_: Round) -> None:
    closing.cancel(tx, round_.id)


def _render_digest(tx: Transaction, round_: Round) -> Note | Literal["unchanged"]:
    return (
        closing.compose_digest(tx, round_) if round_.state == "closed" else "unchanged"
    )


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
    """Lock the round of a response, as each change of the response does."""
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
    """Notify the author; the response still counts."""
    tx.enqueue(
        CHECKIN_NOT_POSTED, checkin.id, to=checkin.member, payload={"error": error}
    )


def _update_digest(tx: Transaction, checkin: CheckIn) -> None:
    """Update a closed round's digest, which links to the response."""
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
