"""What can't go on is paused or skipped, and told to whoever looks after it.

Locks are taken from the schedule to its rounds to their promises.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.checkins.agenda import lock_for_update
from bot.clock import datetime_to_micros
from bot.hours import next_contact_time
from bot.runtime import Workspace
from models import (
    Champion,
    Channel,
    Member,
    OutboxItem,
    ProgramLead,
    Round,
    Schedule,
)


def pause_reason(schedule: Schedule, channel: Channel) -> str | None:
    """Why the channel can't be asked as its owner meant it; None if it can."""
    if channel.is_archived:
        return "archived"
    if not channel.is_joined:
        return "away"
    if channel.is_private != schedule.is_private:
        return "made private" if channel.is_private else "made public"
    return None


def pause_blocked(session: Session, workspace: Workspace, *, now: datetime) -> None:
    """Pause what can't go on, before it is due."""
    lost = (
        select(Schedule, Channel)
        .join(Channel, Channel.id == Schedule.channel_id)
        .where(_is_blocked(workspace))
        .order_by(Schedule.id)
    )
    for schedule, channel in session.execute(lock_for_update(lost)).all():
        because = pause_reason(schedule, channel)
        if because is not None:
            pause(session, schedule, because, now=now)


def any_blocked(session: Session, workspace: Workspace) -> bool:
    """Whether it is worth the writers' queue to pause something."""
    lost = (
        select(Schedule.id)
        .join(Channel, Channel.id == Schedule.channel_id)
        .where(_is_blocked(workspace))
        .limit(1)
    )
    return session.scalar(lost) is not None


def _is_blocked(workspace: Workspace) -> ColumnElement[bool]:
    return and_(
        Schedule.installation_id == workspace.id,
        Schedule.state == "on",
        or_(
            Channel.is_archived.is_(True),
            Channel.is_joined.is_(False),
            Channel.is_private != Schedule.is_private,
        ),
    )


def pause(session: Session, schedule: Schedule, reason: str, *, now: datetime) -> None:
    """Pause a held schedule that can't go on, and tell whoever looks after it once."""
    if schedule.state != "on":
        return
    stop(session, schedule, "paused")
    schedule.paused_because = reason
    for person in owners(session, schedule):
        outbox.enqueue(
            session,
            "checkin.paused",
            schedule.id,
            person,
            installation_id=schedule.installation_id,
            now=now,
            due=next_contact_time(session, schedule.installation_id, person, now=now),
            occurrence=str(datetime_to_micros(now)),
        )


def stop(session: Session, schedule: Schedule, state: str) -> None:
    """Plan no more of a held schedule: it is now "paused" or "deleted".

    A round that was to be posted just now is not, but for one that perhaps is.
    """
    schedule.state, schedule.paused_because = state, None
    schedule.next_date = schedule.next_at = None
    session.flush()
    unposted = select(Round).where(
        Round.schedule_id == schedule.id, Round.state == "open", Round.ts.is_(None)
    )
    for one in session.scalars(unposted.with_for_update(key_share=True)).all():
        if is_unsent(session, one):
            one.state, one.reason = "skipped", state


def is_unsent(session: Session, round_: Round) -> bool:
    """Whether the round's post is certainly not in Slack, and will not be.

    Its promise is held, so that nobody takes it up meanwhile and draws what was.
    """
    channel = session.get_one(Channel, round_.channel_id)
    state = session.scalar(
        select(OutboxItem.state)
        .filter_by(
            installation_id=channel.installation_id,
            key=f"checkin.post:{round_.id}:{channel.slack_id}",
        )
        .with_for_update()
    )
    return state in {None, "pending", "withdrawn"}


def owners(session: Session, schedule: Schedule) -> Sequence[str]:
    """Whoever set it up; once they have left, somebody who is left.

    The champions of its channel, or else the program leads, or else the admins.
    """
    has_left = session.scalar(
        select(Member.is_deactivated).filter_by(
            installation_id=schedule.installation_id, slack_id=schedule.owner
        )
    )
    if has_left is False:
        return [schedule.owner]
    workspace = {"installation_id": schedule.installation_id}
    for others in (
        select(Champion.member).filter_by(channel_id=schedule.channel_id),
        select(ProgramLead.member).filter_by(**workspace),
        select(Member.slack_id).filter_by(**workspace, is_admin=True),
    ):
        people = session.scalars(_without_deactivated(others, schedule)).all()
        if people:
            return people
    return []


def _without_deactivated(people: Select[str], schedule: Schedule) -> Select[str]:
    gone = select(Member.slack_id).filter_by(
        installation_id=schedule.installation_id, is_deactivated=True
    )
    [member] = people.selected_columns
    return people.where(member.not_in(gone)).order_by(member)


def notify_skipped(
    session: Session,
    schedule: Schedule,
    dates: Sequence[date],
    reason: str,
    *,
    now: datetime,
) -> None:
    """One note, however many there are."""
    for person in owners(session, schedule):
        outbox.enqueue(
            session,
            "checkin.skipped",
            schedule.id,
            person,
            installation_id=schedule.installation_id,
            now=now,
            due=next_contact_time(session, schedule.installation_id, person, now=now),
            payload={
                "first": dates[0].isoformat(),
                "last": dates[-1].isoformat(),
                "count": len(dates),
                "reason": reason,
            },
            occurrence=dates[-1].isoformat(),
        )
