"""Set up, change, pause, resume and delete check-ins."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot import timezones
from bot.checkins import notes, plan, rounds, schedules
from bot.checkins.plan import ScheduleForm, ScheduleSpec
from bot.db.statements import upsert
from bot.errors import UserError
from bot.permissions import MANAGE_CHANNEL
from bot.runtime import Transaction
from bot.workspace import roles
from models import Channel, Schedule

MAX_PER_CHANNEL = 10

GONE = "That check-in is gone. Open the settings again."
FULL = f"A channel can have up to {MAX_PER_CHANNEL} check-ins. Delete one first."


def lock(tx: Transaction, schedule_id: int, *, by: str) -> Schedule:
    """Lock and return a check-in that `by` may change.

    Raises UserError if they may not, or if it is deleted, and MembershipUnknown.
    """
    query = _select(tx, schedule_id).with_for_update(key_share=True)
    fresh = query.execution_options(populate_existing=True)
    return _require_allowed(tx, fresh, by=by)


def get(tx: Transaction, schedule_id: int, *, by: str) -> Schedule:
    """Return a check-in that `by` may change, without a lock. Raises as `lock` does."""
    return _require_allowed(tx, _select(tx, schedule_id), by=by)


def _select(tx: Transaction, schedule_id: int) -> Select[Schedule]:
    return select(Schedule).filter_by(id=schedule_id, installation_id=tx.workspace.id)


def _require_allowed(tx: Transaction, query: Select[Schedule], *, by: str) -> Schedule:
    schedule = tx.session.scalar(query)
    if schedule is None:
        raise UserError(GONE)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    roles.authorize(tx, channel, MANAGE_CHANNEL, by)
    if schedule.state == "deleted":
        raise UserError(GONE)
    return schedule


def set_up(
    tx: Transaction, channel: Channel, form: ScheduleForm, *, source: str, by: str
) -> None:
    """Store a new check-in, once for each `source`, which identifies the form.

    Raises UserError, with the field, if a value is invalid, and MembershipUnknown.
    """
    roles.authorize(tx, channel, MANAGE_CHANNEL, by)
    spec = validate(form, tx.now)
    existing_id = tx.session.scalar(
        select(Schedule.id).filter_by(
            installation_id=channel.installation_id, source=source
        )
    )
    if existing_id is None and count(tx.session, channel) >= MAX_PER_CHANNEL:
        raise UserError(FULL)
    schedule_id = tx.session.scalar(
        upsert(tx.session, Schedule)
        .values(
            installation_id=channel.installation_id,
            channel_id=channel.id,
            source=source,
            created_at=tx.now,
            **_columns(spec, channel, by),
        )
        .on_conflict_do_nothing(index_elements=["installation_id", "source"])
        .returning(Schedule.id)
    )
    if schedule_id is not None:
        schedules.schedule_next(tx, tx.session.get_one(Schedule, schedule_id))


def change(tx: Transaction, schedule: Schedule, form: ScheduleForm, *, by: str) -> None:
    """Store the changes to a locked check-in, which count from the next round on.

    A date that has had a round gets no other. Raises UserError, with the field.
    """
    spec = validate(form, tx.now)
    # First start a round that is due, with the old values.
    rounds.start(tx, schedule)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    for name, value in _columns(spec, channel, by).items():
        setattr(schedule, name, value)
    if schedule.state == "on":
        schedules.schedule_next(tx, schedule)


def _columns(spec: ScheduleSpec, channel: Channel, by: str) -> dict[str, object]:
    recurrence = spec.recurrence
    return {
        "owner": by,
        "question": spec.question,
        "hint": spec.hint,
        "reflections": list(spec.reflections),
        "every": recurrence.every,
        "weekdays": [str(number) for number in sorted(recurrence.weekdays)],
        "nth": recurrence.nth,
        "at": spec.at,
        "zone": spec.zone.key,
        "starts_on": recurrence.starts_on,
        "skip_dates": [day.isoformat() for day in sorted(recurrence.skips)],
        "holidays_of": recurrence.holidays_of,
        "open_days": spec.open_days,
        "remind_after": spec.remind_after,
        "is_private": channel.is_private,
    }


def pause(tx: Transaction, schedule: Schedule) -> None:
    """Pause a locked check-in for a member, until someone resumes it."""
    if schedule.state == "on":
        schedules.stop(tx.session, schedule, "paused")


def resume(tx: Transaction, schedule: Schedule) -> None:
    """Resume a locked check-in, and accept its channel's current privacy.

    Raises UserError if it still can't go on.
    """
    if schedule.state != "paused":
        return
    channel = tx.session.get_one(Channel, schedule.channel_id)
    schedule.is_private = channel.is_private
    reason = schedules.pause_reason(schedule, channel)
    if reason is not None:
        raise UserError(f"#{channel.name} {notes.pause_reason_text(reason)}.")
    schedule.state, schedule.pause_reason = "on", None
    tx.session.flush()
    schedules.schedule_next(tx, schedule)


def delete(tx: Transaction, schedule: Schedule) -> None:
    """Delete a locked check-in. Responses stay, and an open round closes as planned."""
    schedules.stop(tx.session, schedule, "deleted")


def validate(form: ScheduleForm, now: datetime) -> ScheduleSpec:
    """Validate a submitted form. Raises UserError, with the field."""
    return plan.parse(form, today=timezones.local_date(now, ZoneInfo("UTC")))


def spec_of(schedule: Schedule) -> ScheduleSpec:
    return ScheduleSpec(
        question=schedule.question,
        hint=schedule.hint,
        reflections=tuple(schedule.reflections),
        recurrence=schedules.recurrence_of(schedule),
        at=schedule.at,
        zone=ZoneInfo(schedule.zone),
        open_days=schedule.open_days,
        remind_after=schedule.remind_after,
    )


def in_channel(channel: Channel) -> Select[Schedule]:
    return (
        select(Schedule)
        .where(Schedule.channel_id == channel.id, Schedule.state != "deleted")
        .order_by(Schedule.id)
    )


def count(session: Session, channel: Channel) -> int:
    query = select(func.count()).select_from(in_channel(channel).subquery())
    return session.scalar(query) or 0
