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
    """Of these, who is on a vacation, or paused: they are not silent."""
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
        for found in [get(tx, member)]
        if found.is_away or found.away_until is not None
    }


def any_due(tx: Transaction) -> bool:
    """Whether it is worth the writers' queue to `nudge`."""
    return tx.session.scalar(_due_query(tx.workspace, tx.now).limit(1)) is not None


def _due_query(workspace: Workspace, now: datetime) -> Select[int, int]:
    return (
        select(CheckIn.id, CheckIn.round_id)
        .join(Round, Round.id == CheckIn.round_id)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(Schedule.installation_id == workspace.id, CheckIn.nudge_at <= now)
        .order_by(CheckIn.nudge_at, CheckIn.id)
    )


def send_due(tx: Transaction) -> int:
    """Promise the nudges whose time has come, or look at them again later; how many."""
    due = tx.session.execute(_due_query(tx.workspace, tx.now).limit(BATCH_SIZE)).all()
    rounds.lock_many(tx.session, {row.round_id for row in due})
    for row in due:
        found = tx.session.get(CheckIn, row.id, populate_existing=True)
        if (
            found is not None
            and found.nudge_at is not None
            and found.nudge_at <= tx.now
        ):
            _send(tx, found)
    return len(due)


def _send(tx: Transaction, checkin: CheckIn) -> None:
    one = tx.session.get_one(Round, checkin.round_id)
    checkin.nudge_at = None
    if not should_remind(tx, one, checkin.member):
        return
    person = get(tx, checkin.member)
    checkin.was_away = (
        checkin.was_away or person.is_away or person.away_until is not None
    )
    at = person.next_allowed(tx.now)
    if at > tx.now:
        checkin.nudge_at = at if at < one.closes_at else None
        return
    tx.enqueue(CHECKIN_REMINDER, one.id, to=checkin.member)


def should_remind(tx: Transaction, round_: Round, member: str) -> bool:
    """Whether somebody is still to be nudged in a round, whatever the hour."""
    if is_erased(member) or round_.state != "open" or round_.ts is None:
        return False
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    channel = tx.session.get_one(Channel, round_.channel_id)
    if schedule.state != "on" or pause_reason(schedule, channel) is not None:
        return False
    if not responses.is_allowed(tx, channel, member):
        return False
    found = responses.get(tx.session, round_.id, member)
    seat = responses.get_participant(tx.session, round_.schedule_id, member)
    known = members.find(tx, member)
    return (
        found is not None
        and found.state == "waiting"
        and seat is not None
        and seat.is_in
        and seat.nudges_stopped_at is None
        and not (known is not None and known.is_deactivated)
        and member_settings.get(tx, member).wants_nudges
    )


def lock(tx: Transaction, delivery: Delivery) -> None:
    """Lock the rounds that somebody's leaving changes, as everybody does."""
    schedule = tx.session.get_one(Schedule, _schedule_id(tx, delivery))
    if tx.session.get_one(Channel, schedule.channel_id).is_private:
        rounds.lock_open(tx.session, schedule.id)


def on_sent(tx: Transaction, delivery: Delivery, sent: tuple[str, str] | None) -> None:
    """Who turned out to be in the channel no more is in its check-in no more."""
    if sent is not None:
        return
    schedule_id = _schedule_id(tx, delivery)
    seat = responses.get_participant(tx.session, schedule_id, delivery.recipient)
    is_there = tx.session.get_one(Schedule, schedule_id).state != "deleted"
    # Who came back meanwhile and joined again stays.
    if is_there and seat is not None and seat.counted_from <= delivery.started_at:
        participants.leave(tx, schedule_id, delivery.recipient)


def _schedule_id(tx: Transaction, delivery: Delivery) -> int:
    """The check-in that a nudge, or the news that there are no more, is about."""
    if delivery.kind == CHECKIN_REMINDERS_STOPPED:
        return delivery.subject_id
    return tx.session.get_one(Round, delivery.subject_id).schedule_id


def stop_after_misses(tx: Transaction, round_: Round) -> None:
    """A round has closed: whom the nudges have not moved for long gets none any more.

    Whoever got none for it, or gets none anyway, is told nothing of it.
    """
    schedule = tx.session.get_one(Schedule, round_.schedule_id)
    channel = tx.session.get_one(Channel, round_.channel_id)
    has_ended = schedule.state != "on" or pause_reason(schedule, channel) is not None
    if has_ended or schedule.nudge_after is None:
        return
    found = tx.session.scalars(
        select(Participant)
        .where(
            Participant.schedule_id == schedule.id,
            Participant.is_in.is_(True),
            Participant.nudges_stopped_at.is_(None),
            Participant.member.in_(
                select(CheckIn.member).filter_by(round_id=round_.id, state="silent")
            ),
        )
        .order_by(Participant.member)
        .execution_options(populate_existing=True)
    ).all()
    people = [seat.member for seat in found]
    nudged = _reminded(tx, round_, people)
    latest = _recent_states(tx.session, round_, found)
    chosen = member_settings.get_many(tx, people)
    gone = _deactivated(tx, people)
    for seat in found:
        if seat.member not in nudged or not rules.should_stop_reminders(
            latest[seat.member]
        ):
            continue
        if seat.member in gone or not chosen[seat.member].wants_nudges:
            continue
        seat.nudges_stopped_at = tx.now
        tx.enqueue(
            CHECKIN_REMINDERS_STOPPED,
            schedule.id,
            to=seat.member,
            occurrence=str(round_.id),
        )


def _reminded(tx: Transaction, round_: Round, people: Collection[str]) -> set[str]:
    """Of these, who got a nudge in the round, or perhaps got it."""
    keys = [dedup_key(CHECKIN_REMINDER, round_.id, member) for member in people]
    return set(
        tx.session.scalars(
            select(OutboxItem.recipient).where(
                OutboxItem.installation_id == tx.workspace.id,
                OutboxItem.key.in_(keys),
                OutboxItem.state.in_(("sent", "sending", "unverified", "unknown")),
            )
        )
    )


def _recent_states(
    session: Session, round_: Round, candidates: Collection[Participant]
) -> Mapping[str, Sequence[State]]:
    """What became of the rounds until this one for each, the latest first.

    Of those before somebody joined, or said that nudges are to go on, nothing is said.
    """
    since = {seat.member: seat.counted_from for seat in candidates}
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
    found: dict[str, list[State]] = {member: [] for member in since}
    for member, state, closes_at in rows:
        if closes_at > since[member]:
            found[member].append(cast("State", state))
    return found


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
    """Whether it is still true that somebody is nudged no more."""
    seat = tx.session.get(Participant, (delivery.subject_id, delivery.recipient))
    return seat is not None and seat.is_in and seat.nudges_stopped_at is not None
