"""Members' responses: record replies, and recompute a member's state in a round.

Each change locks the round's row, after asks and before outbox items.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.checkins import rounds, rules
from bot.checkins.message_kinds import CHECKIN_INVITE, CHECKIN_SYNC_THREAD
from bot.checkins.permissions import CHECK_IN
from bot.checkins.rounds import update_digest
from bot.checkins.rules import Membership, State
from bot.clock import ts_to_micros
from bot.db.statements import upsert
from bot.errors import UserError
from bot.messages.authors import is_by_human
from bot.outbox import home_refresh
from bot.outbox.queue import Delivery
from bot.permissions import Role, require
from bot.runtime import Transaction
from bot.workspace import members, roles
from models import Channel, CheckIn, CheckInReply, Participant, Round, Schedule

# Members who join or delete their reply within this time are not invited.
INVITE_DELAY = timedelta(minutes=1)


def get_participant(
    session: Session, schedule_id: int, member: str
) -> Participant | None:
    return session.get(Participant, (schedule_id, member), populate_existing=True)


def _may_count(
    tx: Transaction, round_: Round, member: str, previous: State | None
) -> bool:
    """Return True if the member may take part, or has shared already."""
    channel = tx.session.get_one(Channel, round_.channel_id)
    return previous == "shared" or is_allowed(tx, channel, member)


def get(session: Session, round_id: int, member: str) -> CheckIn | None:
    return session.scalar(
        select(CheckIn)
        .filter_by(round_id=round_id, member=member)
        .execution_options(populate_existing=True)
    )


def get_or_create(session: Session, round_id: int, member: str) -> CheckIn:
    """Return the member's row in a locked round; insert it if it is new."""
    session.execute(
        upsert(session, CheckIn)
        .values(round_id=round_id, member=member)
        .on_conflict_do_nothing()
    )
    checkin = get(session, round_id, member)
    assert checkin is not None  # noqa: S101 - it was inserted above
    return checkin


def first_reply_ts(session: Session, round_id: int, member: str) -> str | None:
    """Return the `ts` of the member's first reply that is not deleted, or None."""
    return session.scalar(
        select(CheckInReply.ts)
        .filter_by(round_id=round_id, author=member, is_deleted=False)
        .order_by(CheckInReply.ts)
        .limit(1)
    )


def recompute(tx: Transaction, round_: Round, member: str) -> CheckIn | None:
    """Recompute and store a member's state in a locked round.

    Returns None if the member has no state: they are no participant, and shared
    nothing.
    """
    tx.session.flush()
    checkin = get(tx.session, round_.id, member)
    reply_ts = first_reply_ts(tx.session, round_.id, member)
    participant = get_participant(tx.session, round_.schedule_id, member)
    previous = cast("State | None", checkin.state if checkin else None)
    membership, has_replied = rules.NOT_A_PARTICIPANT, False
    if (participant or reply_ts) and _may_count(tx, round_, member, previous):
        has_replied = reply_ts is not None
        if participant:
            membership = Membership(
                participant.is_active, participant.joined_at, participant.left_at
            )
    state = rules.derive_state(
        membership,
        has_text=checkin is not None and checkin.has_text,
        has_replied=has_replied,
        is_open=round_.state == "open",
        closes_at=round_.closes_at,
        is_away=checkin is not None and checkin.was_away,
    )
    if state is None:
        if checkin is not None:
            tx.session.delete(checkin)
    else:
        checkin = checkin or get_or_create(tx.session, round_.id, member)
        checkin.state, checkin.reply_ts = state, reply_ts
        _apply_state(tx, round_, checkin, participant, previous)
    tx.session.flush()
    if state != previous:
        home_refresh.refresh_homes(tx, [member])
    if round_.state == "closed":
        update_digest(tx, round_)
    return checkin if state else None


def _apply_state(
    tx: Transaction,
    round_: Round,
    checkin: CheckIn,
    participant: Participant | None,
    previous: State | None,
) -> None:
    """Apply the effects of a new state on the member: reminders, and an invitation."""
    if checkin.state == "pending":
        if previous != "pending":
            checkin.remind_at = first_reminder_at(tx, round_)
        return
    checkin.remind_at = None
    if checkin.state == "shared" and previous != "shared" and participant is not None:
        # A member who shares gets reminders again.
        participant.reminders_stopped_at = None
    is_newcomer = participant is None or not (
        participant.is_active or participant.is_invited
    )
    if checkin.state == "shared" and is_newcomer:
        invite_to_join(tx, round_, checkin.member)


def invite_to_join(tx: Transaction, round_: Round, member: str) -> None:
    """Enqueue the only invitation of a member who shared without having joined."""
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    tx.enqueue(
        CHECKIN_INVITE,
        schedule.id,
        to=member,
        send_at=tx.now + INVITE_DELAY,
        payload={"round": round_.id},
    )


def first_reminder_at(tx: Transaction, round_: Round) -> datetime | None:
    """Return the time (UTC) to check whether a pending member needs a reminder."""
    hours = tx.session.get_one(Schedule, round_.schedule_id).remind_after
    if hours is None:
        return None
    remind_at = tx.now + timedelta(hours=hours)
    return remind_at if remind_at < round_.closes_at else None


def expect_participants(tx: Transaction, round_: Round) -> None:
    """Add a pending response for each participant of a locked round, after its post.

    Participants who may not take part are left out. Members who have replied already
    are recomputed.
    """
    participants = tx.session.scalars(
        select(Participant.member)
        .filter_by(schedule_id=round_.schedule_id, is_active=True)
        .order_by(Participant.member)
    ).all()
    channel = tx.session.get_one(Channel, round_.channel_id)
    expected = [member for member in participants if is_allowed(tx, channel, member)]
    responded_members = set(
        tx.session.scalars(select(CheckIn.member).filter_by(round_id=round_.id))
    )
    remind_at = first_reminder_at(tx, round_)
    rows = [
        {"round_id": round_.id, "member": member, "remind_at": remind_at}
        for member in expected
        if member not in responded_members
    ]
    if rows:
        tx.session.execute(upsert(tx.session, CheckIn).on_conflict_do_nothing(), rows)
        home_refresh.refresh_homes(tx, expected)
    for member in expected:
        if member in responded_members:
            recompute(tx, round_, member)


NO_GUESTS = "Only full members of the workspace can take part in this channel."


def require_allowed(tx: Transaction, channel: Channel, member: str) -> None:
    """Raise UserError if the member can't take part in the channel's check-ins."""
    member_roles = roles.in_channel(tx, channel, member)
    require(CHECK_IN, member_roles)
    if Role.GUEST in member_roles and not channel.guests_may_ask:
        raise UserError(NO_GUESTS)


def is_allowed(tx: Transaction, channel: Channel, member: str) -> bool:
    try:
        require_allowed(tx, channel, member)
    except UserError:
        return False
    return True


def record_reply(tx: Transaction, round_id: int, *, ts: str, author: str) -> None:
    """Store a reply in a round's thread; the author's first one counts as sharing."""
    round_ = rounds.lock(tx.session, round_id)
    if round_ is None or members.is_bot(tx, author):
        return
    if members.is_before_erasure(tx, author, event_micros=ts_to_micros(ts)):
        return
    new_reply = tx.session.scalar(
        upsert(tx.session, CheckInReply)
        .values(channel_id=round_.channel_id, ts=ts, round_id=round_.id, author=author)
        .on_conflict_do_nothing()
        .returning(CheckInReply.author)
    )
    if new_reply is not None:
        members.ensure(tx, [author])
        recompute(tx, round_, author)


def on_user_loaded(tx: Transaction, member: str) -> None:
    """Count a member's replies that did not count while their profile was unknown."""
    round_ids = tx.session.scalars(
        select(CheckInReply.round_id)
        .join(Channel, Channel.id == CheckInReply.channel_id)
        .outerjoin(
            CheckIn,
            (CheckIn.round_id == CheckInReply.round_id)
            & (CheckIn.member == CheckInReply.author)
            & (CheckIn.state == "shared"),
        )
        .where(
            Channel.installation_id == tx.workspace.id,
            CheckInReply.author == member,
            CheckInReply.is_deleted.is_(False),
            CheckIn.id.is_(None),
        )
    )
    for round_id in sorted(set(round_ids)):
        round_ = rounds.lock(tx.session, round_id)
        if round_ is not None:
            recompute(tx, round_, member)


def on_reply_deleted(
    tx: Transaction, round_id: int, *, ts: str, author: str | None
) -> None:
    """Mark a reply as deleted, and recompute its author's state.

    If the deletion arrives before the reply, a row is stored, so that the reply does
    not count later. `author` is None if Slack's event does not name them.
    """
    round_ = rounds.lock(tx.session, round_id)
    if round_ is None:
        return
    reply = tx.session.get(
        CheckInReply, (round_.channel_id, ts), populate_existing=True
    )
    if reply is None:
        if author is not None:
            tx.session.add(
                CheckInReply(
                    channel_id=round_.channel_id,
                    ts=ts,
                    round_id=round_.id,
                    author=author,
                    is_deleted=True,
                )
            )
            tx.session.flush()
        return
    if not reply.is_deleted:
        reply.is_deleted = True
        recompute(tx, round_, reply.author)


def request_thread_sync(tx: Transaction, round_: Round) -> None:
    """Enqueue a fetch of the round's thread, to make up for missed events."""
    channel = tx.session.get_one(Channel, round_.channel_id)
    tx.enqueue_update(CHECKIN_SYNC_THREAD, round_.id, to=channel.slack_id)


def resync_open_threads(tx: Transaction, channel: Channel) -> None:
    """Fetch the threads of open rounds after the bot was out of the channel."""
    for round_ in tx.session.scalars(
        select(Round)
        .filter_by(channel_id=channel.id, state="open")
        .where(Round.ts.is_not(None))
        .order_by(Round.id)
    ):
        request_thread_sync(tx, round_)


def import_thread(
    tx: Transaction, delivery: Delivery, messages: Iterable[Mapping[str, Any]]
) -> None:
    """Store the replies of a fetched thread; `messages` are Slack's."""
    round_ = tx.session.get_one(Round, delivery.subject_id)
    for message in messages:
        if str(message["ts"]) != round_.ts and is_by_human(message, tx.workspace):
            record_reply(
                tx, round_.id, ts=str(message["ts"]), author=str(message["user"])
            )
