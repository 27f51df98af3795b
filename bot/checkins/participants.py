"""Participants of check-ins: joining, leaving, and one reminder for each round.

Members join by a button, never by being in the channel, and can leave at any time. Open
rounds are locked before the participant.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, select

from bot.checkins import responses, rounds
from bot.checkins.message_kinds import CHECKIN_REMINDER, CHECKIN_REMINDERS_STOPPED
from bot.checkins.schedules import pause_reason
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, lock_rows, upsert
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.text import is_erased
from bot.workspace import contact_hours, member_settings, members, visibility
from models import Channel, CheckIn, Participant, Round, Schedule

GONE = "That check-in is gone."
# Reminders that are handled in one transaction.
REMINDER_BATCH_SIZE = 50


def get_schedule(tx: Transaction, schedule_id: int) -> Schedule:
    """Return a check-in of the workspace. Raises UserError if it is gone."""
    schedule = tx.session.scalar(
        select(Schedule).filter_by(id=schedule_id, installation_id=tx.workspace.id)
    )
    if schedule is None or schedule.state == "deleted":
        raise UserError(GONE)
    return schedule


def join(tx: Transaction, schedule_id: int, member: str) -> Schedule:
    """Make the member a participant; earlier responses in an open round count.

    The member's profile has to be fresh (`sync.refresh`). Raises UserError if the
    check-in is gone or the member may not join, and MembershipUnknown.
    """
    schedule = get_schedule(tx, schedule_id)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    responses.require_allowed(tx, channel, member)
    visibility.require_visible(tx, channel, member, message=GONE)
    open_rounds = rounds.lock_open(tx.session, schedule.id)
    participant = responses.get_participant(tx.session, schedule.id, member)
    if participant is not None and participant.is_active:
        return schedule
    _activate(tx, schedule.id, member)
    home_refresh.refresh_homes(tx, [member], delay=timedelta())
    for round_ in open_rounds:
        responses.recompute(tx, round_, member)
    return schedule


def _activate(tx: Transaction, schedule_id: int, member: str) -> None:
    tx.session.execute(
        upsert(tx.session, Participant)
        .values(schedule_id=schedule_id, member=member, streak_from=tx.now)
        .on_conflict_do_nothing()
    )
    participant = tx.session.get_one(
        Participant, (schedule_id, member), populate_existing=True, with_for_update=True
    )
    participant.is_active, participant.left_at = True, None
    participant.joined_at = participant.joined_at or tx.now
    participant.streak_from, participant.reminders_stopped_at = tx.now, None
    tx.session.flush()


def leave(tx: Transaction, schedule_id: int, member: str) -> Schedule:
    """End the member's participation, if any; their responses stay.

    Raises UserError if the check-in is gone, or is in a private channel and the member
    was never a participant.
    """
    schedule = get_schedule(tx, schedule_id)
    open_rounds = rounds.lock_open(tx.session, schedule.id)
    participant = responses.get_participant(tx.session, schedule.id, member)
    if (
        participant is None
        and tx.session.get_one(Channel, schedule.channel_id).is_private
    ):
        raise UserError(GONE)
    if participant is None or not participant.is_active:
        return schedule
    # A member who was a participant is not invited again.
    participant.is_active, participant.left_at, participant.is_invited = (
        False,
        tx.now,
        True,
    )
    tx.session.flush()
    home_refresh.refresh_homes(tx, [member], delay=timedelta())
    for round_ in open_rounds:
        responses.recompute(tx, round_, member)
    return schedule


def leave_channel(
    tx: Transaction, slack_channel_id: str, member: str, *, left_at: datetime
) -> None:
    """Leave a channel's check-ins with the channel, except those joined since."""
    schedule_ids = tx.session.scalars(
        select(Schedule.id)
        .join(Channel, Channel.id == Schedule.channel_id)
        .join(Participant, Participant.schedule_id == Schedule.id)
        .where(
            Channel.installation_id == tx.workspace.id,
            Channel.slack_id == slack_channel_id,
            Schedule.state != "deleted",
            Participant.member == member,
            Participant.is_active.is_(True),
            Participant.streak_from <= left_at,
        )
        .order_by(Schedule.id)
    ).all()
    # Take all locks first, and in the common order.
    lock_rows(
        tx.session,
        Round,
        tx.session.scalars(
            select(Round.id).where(
                Round.schedule_id.in_(schedule_ids), Round.state == "open"
            )
        ).all(),
    )
    for schedule_id in schedule_ids:
        leave(tx, schedule_id, member)


def resume_reminders(tx: Transaction, schedule_id: int, member: str) -> Schedule:
    """Send reminders again from the next round on; earlier misses do not count.

    Raises UserError if the check-in is gone or the member has left it, and
    MembershipUnknown.
    """
    schedule = get_schedule(tx, schedule_id)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    visibility.require_visible(tx, channel, member, message=GONE)
    participant = tx.session.get(
        Participant, (schedule.id, member), populate_existing=True, with_for_update=True
    )
    if participant is None or not participant.is_active:
        raise UserError("You've left this check-in. Join it again first.")
    if participant.reminders_stopped_at is not None:
        participant.reminders_stopped_at, participant.streak_from = None, tx.now
        home_refresh.refresh_homes(tx, [member], delay=timedelta())
    return schedule


def schedule_id_of_round(tx: Transaction, round_id: int) -> int:
    """Return the id of the round's check-in. Raises UserError if it is gone."""
    schedule_id = tx.session.scalar(
        select(Schedule.id)
        .join(Round, Round.schedule_id == Schedule.id)
        .where(
            Round.id == round_id,
            Schedule.installation_id == tx.workspace.id,
            Schedule.state != "deleted",
        )
    )
    if schedule_id is None:
        raise UserError(GONE)
    return schedule_id


def on_invited(tx: Transaction, delivery: Delivery, _result: object) -> None:
    """Record that a member was invited to join, so that they are not asked again."""
    tx.session.execute(
        upsert(tx.session, Participant)
        .values(
            schedule_id=delivery.subject_id,
            member=delivery.recipient,
            is_invited=True,
            streak_from=tx.now,
        )
        .on_conflict_do_update(
            index_elements=["schedule_id", "member"], set_={"is_invited": True}
        )
    )


def due_reminders(installation_id: InstallationId, now: Time) -> Select[int, int]:
    """Select the ids of the responses and rounds whose reminder is due."""
    return (
        select(CheckIn.id, CheckIn.round_id)
        .join(Round, Round.id == CheckIn.round_id)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(Schedule.installation_id == installation_id, CheckIn.remind_at <= now)
        .order_by(CheckIn.remind_at, CheckIn.id)
    )


def send_due_reminders(tx: Transaction) -> int:
    """Enqueue or postpone REMINDER_BATCH_SIZE due reminders; return their number."""
    due = tx.session.execute(
        due_reminders(tx.workspace.id, tx.now).limit(REMINDER_BATCH_SIZE)
    ).all()
    lock_rows(tx.session, Round, {row.round_id for row in due})
    for row in due:
        checkin = tx.session.get(CheckIn, row.id, populate_existing=True)
        if (
            checkin is not None
            and checkin.remind_at is not None
            and checkin.remind_at <= tx.now
        ):
            _send_reminder(tx, checkin)
    return len(due)


def _send_reminder(tx: Transaction, checkin: CheckIn) -> None:
    round_ = tx.session.get_one(Round, checkin.round_id)
    checkin.remind_at = None
    if not should_remind(tx, round_, checkin.member):
        return
    hours = contact_hours.get(tx, checkin.member)
    checkin.was_away = checkin.was_away or hours.is_away or hours.away_until is not None
    send_after = hours.next_allowed(tx.now)
    if send_after > tx.now:
        checkin.remind_at = send_after if send_after < round_.closes_at else None
        return
    tx.enqueue(CHECKIN_REMINDER, round_.id, to=checkin.member)


def should_remind(tx: Transaction, round_: Round, member: str) -> bool:
    """Return True if the member still needs a reminder for the round, at any hour."""
    if is_erased(member) or round_.state != "open" or round_.ts is None:
        return False
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    channel = tx.session.get_one(Channel, round_.channel_id)
    if schedule.state != "on" or pause_reason(schedule, channel) is not None:
        return False
    if not responses.is_allowed(tx, channel, member):
        return False
    checkin = responses.get(tx.session, round_.id, member)
    participant = responses.get_participant(tx.session, round_.schedule_id, member)
    row = members.find(tx, member)
    return (
        checkin is not None
        and checkin.state == "pending"
        and participant is not None
        and participant.is_active
        and participant.reminders_stopped_at is None
        and not (row is not None and row.is_deactivated)
        and member_settings.get(tx, member).wants_reminders
    )


def lock_for_reminder(tx: Transaction, delivery: Delivery) -> None:
    """Lock the open rounds, which `leave` changes if the recipient left the channel."""
    schedule = tx.session.get_one(Schedule, _schedule_id(tx, delivery))
    if tx.session.get_one(Channel, schedule.channel_id).is_private:
        rounds.lock_open(tx.session, schedule.id)


def on_reminder_sent(
    tx: Transaction, delivery: Delivery, message: tuple[str, str] | None
) -> None:
    """End the participation of a member who turned out to have left the channel.

    `message` is None if the message was not sent because of that.
    """
    if message is not None:
        return
    schedule_id = _schedule_id(tx, delivery)
    if tx.session.get_one(Schedule, schedule_id).state == "deleted":
        return
    participant = responses.get_participant(tx.session, schedule_id, delivery.recipient)
    # A member who came back and joined again in between stays a participant.
    if participant is not None and participant.streak_from <= delivery.started_at:
        leave(tx, schedule_id, delivery.recipient)


def _schedule_id(tx: Transaction, delivery: Delivery) -> int:
    """Return the id of the check-in that a reminder or its last message is about."""
    if delivery.kind == CHECKIN_REMINDERS_STOPPED:
        return delivery.subject_id
    return tx.session.get_one(Round, delivery.subject_id).schedule_id


def are_reminders_stopped(tx: Transaction, delivery: Delivery) -> bool:
    """Return True if the member's reminders are still stopped."""
    participant = tx.session.get(Participant, (delivery.subject_id, delivery.recipient))
    return (
        participant is not None
        and participant.is_active
        and participant.reminders_stopped_at is not None
    )
