"""One reminder to whoever has joined and has not shared; none for whoever is silent."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.checkins import participants, responses, rounds, rules
from bot.checkins.message_kinds import CHECKIN_REMINDER, CHECKIN_REMINDERS_STOPPED
from bot.checkins.rules import State
from bot.checkins.schedules import pause_reason
from bot.outbox.enqueue import dedup_key
from bot.outbox.queue import Delivery
from bot.runtime import Transaction, Workspace
from bot.slack.text import is_erased
from bot.workspace import member_settings, members
from bot.workspace.contact_hours import get
from models import Channel, CheckIn, Member, OutboxItem, Participant, Round, Schedule

# In one transaction.
BATCH_SIZE = 50
# Who is away in between may be silent for longer, but not for ever.
LOOKBACK = timedelta(days=366)


def away_members(tx: Transaction, people: Collection[str]) -> set[str]:
    """Return those who are on vacation or paused: they do not count as missing."""
    maybe = set(
        tx.session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == tx.workspace.id,
                Member.slack_id.in_(people),
                Member.is_away.is_(True),
            )
        )
    )
    chosen = member_settings.get_many(tx, people)
    maybe |= {member for member in people if chosen[member].paused_until is not None}
    return {
        member
        for member in maybe
        for contact in [get(tx, member)]
        if contact.is_away or contact.away_until is not None
    }


def any_due(tx: Transaction) -> bool:
    """Return True if `send_due` has anything to do; it blocks no writer."""
    return tx.session.scalar(_due_query(tx.workspace, tx.now).limit(1)) is not None


def _due_query(workspace: Workspace, now: datetime) -> Select[int, int]:
    return (
        select(CheckIn.id, CheckIn.round_id)
        .join(Round, Round.id == CheckIn.round_id)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(Schedule.installation_id == workspace.id, CheckIn.remind_at <= now)
        .order_by(CheckIn.remind_at, CheckIn.id)
    )


def send_due(tx: Transaction) -> int:
    """Enqueue due reminders, or postpone them; return the number."""
    due = tx.session.execute(_due_query(tx.workspace, tx.now).limit(BATCH_SIZE)).all()
    rounds.lock_many(tx.session, {row.round_id for row in due})
    for row in due:
        checkin = tx.session.get(CheckIn, row.id, populate_existing=True)
        if (
            checkin is not None
            and checkin.remind_at is not None
            and checkin.remind_at <= tx.now
        ):
            _send(tx, checkin)
    return len(due)


def _send(tx: Transaction, checkin: CheckIn) -> None:
    round_ = tx.session.get_one(Round, checkin.round_id)
    checkin.remind_at = None
    if not should_remind(tx, round_, checkin.member):
        return
    person = get(tx, checkin.member)
    checkin.was_away = (
        checkin.was_away or person.is_away or person.away_until is not None
    )
    at = person.next_allowed(tx.now)
    if at > tx.now:
        checkin.remind_at = at if at < round_.closes_at else None
        return
    tx.enqueue(CHECKIN_REMINDER, round_.id, to=checkin.member)


def should_remind(tx: Transaction, round_: Round, member: str) -> bool:
    """Return True if the member still needs a reminder in a round, at any hour."""
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
    known = members.find(tx, member)
    return (
        checkin is not None
        and checkin.state == "pending"
        and participant is not None
        and participant.is_active
        and participant.reminders_stopped_at is None
        and not (known is not None and known.is_deactivated)
        and member_settings.get(tx, member).wants_reminders
    )


def lock(tx: Transaction, delivery: Delivery) -> None:
    """Lock the rounds that somebody's leaving changes, as everybody does."""
    schedule = tx.session.get_one(Schedule, _schedule_id(tx, delivery))
    if tx.session.get_one(Channel, schedule.channel_id).is_private:
        rounds.lock_open(tx.session, schedule.id)


def on_sent(tx: Transaction, delivery: Delivery, sent: tuple[str, str] | None) -> None:
    """Leave the check-in for a member who turned out to have left the channel."""
    if sent is not None:
        return
    schedule_id = _schedule_id(tx, delivery)
    seat = responses.get_participant(tx.session, schedule_id, delivery.recipient)
    is_there = tx.session.get_one(Schedule, schedule_id).state != "deleted"
    # Who came back meanwhile and joined again stays.
    if is_there and seat is not None and seat.streak_from <= delivery.started_at:
        participants.leave(tx, schedule_id, delivery.recipient)


def _schedule_id(tx: Transaction, delivery: Delivery) -> int:
    """Return the check-in of a reminder, or of the message that reminders stopped."""
    if delivery.kind == CHECKIN_REMINDERS_STOPPED:
        return delivery.subject_id
    return tx.session.get_one(Round, delivery.subject_id).schedule_id


def stop_after_misses(tx: Transaction, round_: Round) -> None:
    """After a round has closed, stop reminders that have long had no effect.

    Members who got no reminder for it, or get none anyway, are not told.
    """
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    channel = tx.session.get_one(Channel, round_.channel_id)
    has_ended = schedule.state != "on" or pause_reason(schedule, channel) is not None
    if has_ended or schedule.remind_after is None:
        return
    candidates = tx.session.scalars(
        select(Participant)
        .where(
            Participant.schedule_id == schedule.id,
            Participant.is_active.is_(True),
            Participant.reminders_stopped_at.is_(None),
            Participant.member.in_(
                select(CheckIn.member).filter_by(round_id=round_.id, state="missed")
            ),
        )
        .order_by(Participant.member)
        .execution_options(populate_existing=True)
    ).all()
    people = [participant.member for participant in candidates]
    reminded = _reminded(tx, round_, people)
    latest = _recent_states(tx.session, round_, candidates)
    settings = member_settings.get_many(tx, people)
    deactivated = _deactivated(tx, people)
    for participant in candidates:
        if participant.member not in reminded or not rules.should_stop_reminders(
            latest[participant.member]
        ):
            continue
        if (
            participant.member in deactivated
            or not settings[participant.member].wants_reminders
        ):
            continue
        participant.reminders_stopped_at = tx.now
        tx.enqueue(
            CHECKIN_REMINDERS_STOPPED,
            schedule.id,
            to=participant.member,
            occurrence=str(round_.id),
        )


def _reminded(tx: Transaction, round_: Round, people: Collection[str]) -> set[str]:
    """Return those who got a reminder in the round, or perhaps did."""
    keys = [dedup_key(CHECKIN_REMINDER, round_.id, member) for member in people]
    return set(
        tx.session.scalars(
            select(OutboxItem.recipient).where(
                OutboxItem.installation_id == tx.workspace.id,
                OutboxItem.dedup_key.in_(keys),
                OutboxItem.state.in_(("sent", "sending", "unconfirmed", "lost")),
            )
        )
    )


def _recent_states(
    session: Session, round_: Round, candidates: Collection[Participant]
) -> Mapping[str, Sequence[State]]:
    """Return each candidate's states in rounds until this one, the latest first.

    Rounds before they joined, or asked for reminders again, are left out.
    """
    since = {participant.member: participant.streak_from for participant in candidates}
    rows = session.execute(
        select(CheckIn.member, CheckIn.state, Round.closes_at)
        .join(Round, Round.id == CheckIn.round_id)
        .where(
            Round.schedule_id == round_.schedule_id,
            Round.due_at <= round_.due_at,
            Round.due_at > round_.due_at - LOOKBACK,
            CheckIn.member.in_(since),
        )
        .order_by(Round.due_at.desc())
    )
    states: dict[str, list[State]] = {member: [] for member in since}
    for member, state, closes_at in rows:
        if closes_at > since[member]:
            states[member].append(cast("State", state))
    return states


def _deactivated(tx: Transaction, people: Collection[str]) -> set[str]:
    return set(
        tx.session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == tx.workspace.id,
                Member.slack_id.in_(people),
                Member.is_deactivated.is_(True),
            )
        )
    )


def is_still_stopped(tx: Transaction, delivery: Delivery) -> bool:
    """Return True if the member's reminders are still stopped."""
    participant = tx.session.get(Participant, (delivery.subject_id, delivery.recipient))
    return (
        participant is not None
        and participant.is_active
        and participant.reminders_stopped_at is not None
    )
