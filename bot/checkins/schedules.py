"""Schedules of check-ins: their next dates, pauses, and messages to their owners."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select
from sqlalchemy.orm import Session

from bot import timezones
from bot.checkins import rules
from bot.checkins.message_kinds import CHECKIN_PAUSED, CHECKIN_POST, CHECKIN_SKIPPED
from bot.checkins.rules import Every, Occurrence, Recurrence
from bot.clock import datetime_to_micros
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_state
from bot.runtime import Transaction
from bot.workspace.contact_hours import next_contact_time
from models import Champion, Channel, Member, Program, ProgramLead, Round, Schedule

_DAY = timedelta(days=1)


def recurrence_of(schedule: Schedule) -> Recurrence:
    return Recurrence(
        every=cast("Every", schedule.every),
        weekdays=frozenset(map(int, schedule.weekdays)),
        starts_on=schedule.starts_on,
        nth=schedule.nth,
        skips=frozenset(map(date.fromisoformat, schedule.skip_dates)),
        holidays_of=schedule.holidays_of,
    )


def upcoming(tx: Transaction, schedule: Schedule) -> Iterator[Occurrence]:
    """Yield the occurrences after `tx.now`, except on dates that had a round."""
    zone = ZoneInfo(schedule.zone)
    return rules.upcoming(
        recurrence_of(schedule),
        schedule.at,
        zone,
        now=tx.now,
        used_dates=used_dates(tx, schedule.id, schedule.at, zone),
    )


def used_dates(
    tx: Transaction, schedule_id: int, at: time, zone: ZoneInfo
) -> frozenset[date]:
    """Return the local dates that have had a round, from three days ago on.

    Earlier dates can't become due again.
    """
    rounds = tx.session.execute(
        select(Round.local_date, Round.due_at).where(
            Round.schedule_id == schedule_id,
            Round.due_at >= tx.now - 3 * _DAY,
            not_(skipped_in_future(tx.now)),
        )
    )
    days = set()
    for day, due_at in rounds:
        days.add(day)
        if timezones.to_utc(datetime.combine(day, at), zone) != due_at:
            # The schedule's time or zone has changed since. In the zone that counts
            # now, the round may have been on another date.
            days.add(timezones.local_date(due_at, zone))
    return frozenset(days)


def skipped_in_future(now: datetime) -> ColumnElement[bool]:
    """Return the condition: the round was skipped while our clock was ahead."""
    return and_(Round.state == "skipped", Round.opened_at > now)


def schedule_next(tx: Transaction, schedule: Schedule) -> None:
    """Set the next occurrence after now."""
    set_next(schedule, next(upcoming(tx, schedule), None))


def set_next(schedule: Schedule, occurrence: Occurrence | None) -> None:
    schedule.next_date = occurrence.day if occurrence else None
    schedule.next_at = occurrence.at if occurrence else None


def _moved_earlier(tx: Transaction, schedule: Schedule) -> Occurrence | None:
    """Return the planned occurrence if new zone rules have moved it into the past.

    It is then started late, or reported as skipped.
    """
    next_occurrence = _next_occurrence(schedule)
    if next_occurrence is None:
        return None
    zone = ZoneInfo(schedule.zone)
    occurrences = rules.occurrences(
        recurrence_of(schedule), schedule.at, zone, next_occurrence.day
    )
    occurrence = next(occurrences, None)
    if (
        occurrence is None
        or occurrence.day != next_occurrence.day
        or occurrence.at > tx.now
    ):
        return None
    used = used_dates(tx, schedule.id, schedule.at, zone)
    return None if occurrence.day in used else occurrence


def _recompute_next(tx: Transaction, schedule: Schedule) -> Occurrence | None:
    return _moved_earlier(tx, schedule) or next(upcoming(tx, schedule), None)


def stale(tx: Transaction) -> list[int]:
    """Return the ids of schedules whose next occurrence has changed.

    The rules of zones and holidays change, and a clock that was ahead is set back.
    Schedules that are due are left out, since they are about to be started.
    """
    return [
        schedule.id
        for schedule in tx.session.scalars(not_yet_due(tx.workspace.id, tx.now))
        if _recompute_next(tx, schedule) != _next_occurrence(schedule)
    ]


def reschedule(tx: Transaction, schedule_ids: Sequence[int]) -> None:
    """Recompute the next occurrence of those of the schedules that are not due yet."""
    statement = not_yet_due(tx.workspace.id, tx.now).where(
        Schedule.id.in_(schedule_ids)
    )
    for schedule in tx.session.scalars(lock_for_update(statement)):
        set_next(schedule, _recompute_next(tx, schedule))


def not_yet_due(installation_id: InstallationId, now: Time) -> Select[Schedule]:
    """Select the schedules whose next occurrence is to come, or is not known."""
    return (
        select(Schedule)
        .where(
            Schedule.installation_id == installation_id,
            Schedule.state == "on",
            or_(Schedule.next_at > now, Schedule.next_at.is_(None)),
        )
        .order_by(Schedule.id)
    )


def _next_occurrence(schedule: Schedule) -> Occurrence | None:
    if schedule.next_date is None or schedule.next_at is None:
        return None
    return Occurrence(schedule.next_date, schedule.next_at)


def lock_for_update(statement: Any) -> Any:
    """Return the query with a lock on schedules; it skips those that are locked."""
    return statement.with_for_update(of=Schedule, key_share=True, skip_locked=True)


def pause_reason(schedule: Schedule, channel: Channel) -> str | None:
    """Return the reason to pause the check-in because of its channel, or None."""
    if channel.is_archived:
        return "archived"
    if not channel.is_joined:
        return "away"
    if channel.is_private != schedule.is_private:
        return "made private" if channel.is_private else "made public"
    return None


def pause_blocked(tx: Transaction) -> None:
    """Pause the check-ins that can't go on because of their channels."""
    blocked = (
        select(Schedule, Channel)
        .join(Channel, Channel.id == Schedule.channel_id)
        .where(_is_blocked(tx.workspace.id))
        .order_by(Schedule.id)
    )
    for schedule, channel in tx.session.execute(lock_for_update(blocked)).all():
        reason = pause_reason(schedule, channel)
        if reason is not None:
            pause(tx, schedule, reason)


def blocked(installation_id: InstallationId, _now: Time) -> Select[int]:
    """Select the ids of the schedules that go on in a channel that is blocked."""
    return (
        select(Schedule.id)
        .join(Channel, Channel.id == Schedule.channel_id)
        .where(_is_blocked(installation_id))
    )


def any_blocked(tx: Transaction) -> bool:
    """Return True if `pause_blocked` has work; it only reads, and blocks no writer."""
    query = blocked(tx.workspace.id, tx.now).limit(1)
    return tx.session.scalar(query) is not None


def _is_blocked(installation_id: InstallationId) -> ColumnElement[bool]:
    return and_(
        Schedule.installation_id == installation_id,
        Schedule.state == "on",
        or_(
            Channel.is_archived.is_(True),
            Channel.is_joined.is_(False),
            Channel.is_private != Schedule.is_private,
        ),
    )


def pause(tx: Transaction, schedule: Schedule, reason: str) -> None:
    """Pause a locked schedule that can't go on, and notify its owners once."""
    if schedule.state != "on":
        return
    stop(tx.session, schedule, "paused")
    schedule.pause_reason = reason
    for person in owners(tx.session, schedule):
        tx.enqueue(
            CHECKIN_PAUSED,
            schedule.id,
            to=person,
            send_at=next_contact_time(tx, person),
            occurrence=str(datetime_to_micros(tx.now)),
        )


def stop(session: Session, schedule: Schedule, state: str) -> None:
    """Set a locked schedule to "paused" or "deleted", without a next occurrence.

    An open round without a post is skipped, unless Slack may have taken its post.
    """
    schedule.state, schedule.pause_reason = state, None
    schedule.next_date = schedule.next_at = None
    session.flush()
    statement = select(Round).where(
        Round.schedule_id == schedule.id, Round.state == "open", Round.ts.is_(None)
    )
    for round_ in session.scalars(statement.with_for_update(key_share=True)).all():
        if is_unsent(session, round_):
            round_.state, round_.reason = "skipped", state


def is_unsent(session: Session, round_: Round) -> bool:
    """Return True if the round's post was not sent.

    The outbox item is locked, so that the worker can't claim it in this transaction.
    """
    channel = session.get_one(Channel, round_.channel_id)
    key = dedup_key(CHECKIN_POST, round_.id, channel.slack_id)
    state = find_state(session, channel.installation_id, key, for_update=True)
    return state in {None, "pending", "cancelled"}


def owners(session: Session, schedule: Schedule) -> Sequence[str]:
    """Return Slack's ids of the members in charge of the check-in.

    That is the member who set it up. If they were deactivated: the champions of its
    channel, or else the program leads, or else the admins.
    """
    is_deactivated = session.scalar(
        select(Member.is_deactivated).filter_by(
            installation_id=schedule.installation_id, slack_id=schedule.owner
        )
    )
    if is_deactivated is False:
        return [schedule.owner]
    workspace = {"installation_id": schedule.installation_id}
    for others in (
        select(Champion.member).filter_by(channel_id=schedule.channel_id),
        select(ProgramLead.member)
        .join(Program)
        .where(
            Program.installation_id == schedule.installation_id,
            Program.is_workspace_wide,
        ),
        select(Member.slack_id).filter_by(**workspace, is_admin=True),
    ):
        people = session.scalars(_without_deactivated(others, schedule)).all()
        if people:
            return people
    return []


def _without_deactivated(people: Select[str], schedule: Schedule) -> Select[str]:
    deactivated = select(Member.slack_id).filter_by(
        installation_id=schedule.installation_id, is_deactivated=True
    )
    [member] = people.selected_columns
    return people.where(member.not_in(deactivated)).order_by(member)


def notify_skipped(
    tx: Transaction, schedule: Schedule, dates: Sequence[date], reason: str
) -> None:
    """Send the owners one message about skipped dates; `reason` is stored as is."""
    for person in owners(tx.session, schedule):
        tx.enqueue(
            CHECKIN_SKIPPED,
            schedule.id,
            to=person,
            send_at=next_contact_time(tx, person),
            payload={
                "first": dates[0].isoformat(),
                "last": dates[-1].isoformat(),
                "count": len(dates),
                "reason": reason,
            },
            occurrence=dates[-1].isoformat(),
        )
