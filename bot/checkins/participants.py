"""Joining a check-in, leaving it, and what somebody has joined.

People join by what they press, never by being in the channel, and each can leave at
any time. Open rounds are held first, then the member's seat.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot import visibility
from bot.checkins import responses, rounds
from bot.db.statements import upsert
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.outbox.queue import Delivery
from bot.runtime import Workspace
from bot.slack.text import permalink
from models import Channel, CheckIn, Participant, Round, Schedule

GONE = "That check-in is gone."


@dataclass(frozen=True, slots=True)
class JoinableSchedule:
    """A check-in of a channel. `question` is marked text."""

    schedule_id: int
    question: str
    # Of Slack.
    channel: str
    channel_name: str
    # Nobody outside of it is to hear of it.
    is_private: bool
    # Only of one that somebody has joined: after silent rounds nobody is nudged.
    reminders_stopped: bool = False


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A round that is open, and that somebody who joined has not shared in."""

    round_id: int
    # Marked text.
    question: str
    # Of the round's message in Slack.
    url: str
    channel: str
    channel_name: str
    is_private: bool
    # In UTC.
    closes_at: datetime


def join(
    session: Session,
    workspace: Workspace,
    schedule_id: int,
    member: str,
    *,
    now: datetime,
) -> Schedule:
    """Join a check-in; whoever is in already stays in.

    Raises Refusal where it is gone, or is not for the person: their facts must be
    at hand (`facts.ensure`). What they have said in an open round counts.
    """
    schedule = get_schedule(session, workspace, schedule_id)
    channel = session.get_one(Channel, schedule.channel_id)
    responses.require_allowed(session, channel, member)
    visibility.require_visible(session, channel, member, now=now, message=GONE)
    open_rounds = rounds.lock_open(session, schedule.id)
    seat = responses.get_participant(session, schedule.id, member)
    if seat is not None and seat.is_in:
        return schedule
    _activate(session, schedule.id, member, now=now)
    home_refresh.refresh_homes(
        session, workspace.id, [member], now=now, delay=timedelta()
    )
    for held in open_rounds:
        responses.recompute(session, held, member, now=now)
    return schedule


def _activate(
    session: Session, schedule_id: int, member: str, *, now: datetime
) -> None:
    session.execute(
        upsert(session, Participant)
        .values(schedule_id=schedule_id, member=member, counted_from=now)
        .on_conflict_do_nothing()
    )
    seat = session.get_one(
        Participant, (schedule_id, member), populate_existing=True, with_for_update=True
    )
    seat.is_in, seat.left_at = True, None
    seat.joined_at = seat.joined_at or now
    seat.counted_from, seat.nudges_stopped_at = now, None
    session.flush()


def leave(
    session: Session,
    workspace: Workspace,
    schedule_id: int,
    member: str,
    *,
    now: datetime,
) -> Schedule:
    """Leave a check-in; what was shared in it stays.

    Whoever is not in is not in afterwards either. Raises Refusal where it is gone, or
    is a private channel's and none that the person ever had to do with.
    """
    schedule = get_schedule(session, workspace, schedule_id)
    open_rounds = rounds.lock_open(session, schedule.id)
    seat = responses.get_participant(session, schedule.id, member)
    if seat is None and session.get_one(Channel, schedule.channel_id).is_private:
        raise UserError(GONE)
    if seat is None or not seat.is_in:
        return schedule
    # Who has been in and left needs not to be asked whether to join.
    seat.is_in, seat.left_at, seat.is_asked = False, now, True
    session.flush()
    home_refresh.refresh_homes(
        session, workspace.id, [member], now=now, delay=timedelta()
    )
    for held in open_rounds:
        responses.recompute(session, held, member, now=now)
    return schedule


def leave_channel(
    session: Session,
    workspace: Workspace,
    slack_channel_id: str,
    member: str,
    *,
    left_at: datetime,
    now: datetime,
) -> None:
    """Whoever leaves a channel leaves its check-ins; not what they joined since."""
    found = session.scalars(
        select(Schedule.id)
        .join(Channel, Channel.id == Schedule.channel_id)
        .join(Participant, Participant.schedule_id == Schedule.id)
        .where(
            Channel.installation_id == workspace.id,
            Channel.slack_id == slack_channel_id,
            Schedule.state != "deleted",
            Participant.member == member,
            Participant.is_in.is_(True),
            Participant.counted_from <= left_at,
        )
        .order_by(Schedule.id)
    ).all()
    # All locks at first and in one order.
    rounds.lock_many(
        session,
        session.scalars(
            select(Round.id).where(Round.schedule_id.in_(found), Round.state == "open")
        ).all(),
    )
    for schedule_id in found:
        leave(session, workspace, schedule_id, member, now=now)


def resume_reminders(
    session: Session,
    workspace: Workspace,
    schedule_id: int,
    member: str,
    *,
    now: datetime,
) -> Schedule:
    """Nudge the person again, from the next round on, as if none had been silent.

    Raises Refusal where the check-in is gone, or the person has left it.
    """
    schedule = get_schedule(session, workspace, schedule_id)
    channel = session.get_one(Channel, schedule.channel_id)
    visibility.require_visible(session, channel, member, now=now, message=GONE)
    seat = session.get(
        Participant, (schedule.id, member), populate_existing=True, with_for_update=True
    )
    if seat is None or not seat.is_in:
        raise UserError("You have left this check-in; join it again first.")
    if seat.nudges_stopped_at is not None:
        seat.nudges_stopped_at, seat.counted_from = None, now
        home_refresh.refresh_homes(
            session, workspace.id, [member], now=now, delay=timedelta()
        )
    return schedule


def schedule_id_of_round(session: Session, workspace: Workspace, round_id: int) -> int:
    """The check-in that a round is of; raises Refusal where there is no such round."""
    one = session.get(Round, round_id)
    if one is None:
        raise UserError(GONE)
    return get_schedule(session, workspace, one.schedule_id).id


def on_invited(
    session: Session, delivery: Delivery, _sent: object, now: datetime
) -> None:
    """Somebody has been asked whether to join, and is not asked again."""
    session.execute(
        upsert(session, Participant)
        .values(
            schedule_id=delivery.subject_id,
            member=delivery.recipient,
            is_asked=True,
            counted_from=now,
        )
        .on_conflict_do_update(
            index_elements=["schedule_id", "member"], set_={"is_asked": True}
        )
    )


def get_schedule(session: Session, workspace: Workspace, schedule_id: int) -> Schedule:
    """A check-in of this workspace that is still there; else raises Refusal."""
    schedule = session.get(Schedule, schedule_id)
    if (
        schedule is None
        or schedule.installation_id != workspace.id
        or schedule.state == "deleted"
    ):
        raise UserError(GONE)
    return schedule


def joined_schedules(
    session: Session, workspace: Workspace, member: str
) -> list[JoinableSchedule]:
    """The check-ins that the person has joined, by channel."""
    rows = session.execute(
        _existing_schedules(workspace)
        .add_columns(Participant.nudges_stopped_at)
        .join(Participant, Participant.schedule_id == Schedule.id)
        .where(Participant.member == member, Participant.is_in.is_(True))
    )
    return [
        _to_joinable(schedule, channel, reminders_stopped=stopped_at is not None)
        for schedule, channel, stopped_at in rows
    ]


def joinable_schedules(
    session: Session,
    workspace: Workspace,
    member: str,
    slack_channel_ids: Collection[str],
) -> list[JoinableSchedule]:
    """The check-ins in these channels that the person has not joined.

    `channels`: Slack's ids of those that the person is in; none but its people are
    to hear of a private one.
    """
    seated = select(Participant.schedule_id).filter_by(member=member, is_in=True)
    rows = session.execute(
        _existing_schedules(workspace).where(
            Channel.slack_id.in_(slack_channel_ids),
            Channel.is_archived.is_(False),
            Schedule.id.not_in(seated),
        )
    )
    return [_to_joinable(schedule, channel) for schedule, channel in rows]


def open_rounds_for(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> list[OpenRound]:
    """The open rounds that the person has not shared in, the first to close first."""
    rows = session.execute(
        select(Round, Channel)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .join(Channel, Channel.id == Round.channel_id)
        .join(Participant, Participant.schedule_id == Round.schedule_id)
        .outerjoin(
            CheckIn,
            (CheckIn.round_id == Round.id)
            & (CheckIn.member == member)
            & (CheckIn.state == "shared"),
        )
        .where(
            Schedule.installation_id == workspace.id,
            Participant.member == member,
            Participant.is_in.is_(True),
            Round.state == "open",
            Round.ts.is_not(None),
            Round.closes_at > now,
            CheckIn.id.is_(None),
        )
        .order_by(Round.closes_at, Round.id)
    )
    return [
        OpenRound(
            round_id=found.id,
            question=found.question,
            url=permalink(workspace.team_url, channel.slack_id, found.ts or ""),
            channel=channel.slack_id,
            channel_name=channel.name,
            is_private=channel.is_private,
            closes_at=found.closes_at,
        )
        for found, channel in rows
    ]


def _existing_schedules(workspace: Workspace) -> Select[Schedule, Channel]:
    return (
        select(Schedule, Channel)
        .join(Channel, Channel.id == Schedule.channel_id)
        .where(Schedule.installation_id == workspace.id, Schedule.state != "deleted")
        .order_by(Channel.name, Schedule.id)
    )


def _to_joinable(
    schedule: Schedule, channel: Channel, *, reminders_stopped: bool = False
) -> JoinableSchedule:
    return JoinableSchedule(
        schedule_id=schedule.id,
        question=schedule.question,
        channel=channel.slack_id,
        channel_name=channel.name,
        is_private=channel.is_private,
        reminders_stopped=reminders_stopped,
    )
