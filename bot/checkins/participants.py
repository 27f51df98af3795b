"""Joining and leaving check-ins, and a member's joined check-ins.

People join by pressing a button, never by being in the channel, and each can leave at
any time. Open rounds are locked first, then the participant.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from bot import visibility
from bot.checkins import responses, rounds
from bot.db.statements import upsert
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.outbox.queue import Delivery
from bot.runtime import Transaction, Workspace
from bot.slack.text import permalink
from models import Channel, CheckIn, Participant, Round, Schedule

GONE = "That check-in is gone."


@dataclass(frozen=True, slots=True)
class JoinableSchedule:
    """A check-in of a channel. `question` is mrkdwn."""

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
    # As mrkdwn.
    question: str
    # Of the round's message in Slack.
    url: str
    channel: str
    channel_name: str
    is_private: bool
    # In UTC.
    closes_at: datetime


def join(tx: Transaction, schedule_id: int, member: str) -> Schedule:
    """Join a check-in; a participant stays one. Responses in an open round count.

    Raises UserError if the check-in is gone, or the member may not join. The member's
    facts must be fresh (`sync.refresh`).
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
    """Leave a check-in; what was shared in it stays.

    Whoever is not in is not in afterwards either. Raises UserError if it is gone, or
    is a private channel's and none that the person ever had to do with.
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
    # Who has been in and left needs not to be asked whether to join.
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
    # All locks at first and in one order.
    rounds.lock_many(
        tx.session,
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

    Raises UserError if the check-in is gone, or the member has left it.
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
    """Return the round's check-in id; raises UserError if there is no such round."""
    round_ = tx.session.get(Round, round_id)
    if round_ is None:
        raise UserError(GONE)
    return get_schedule(tx, round_.schedule_id).id


def on_invited(tx: Transaction, delivery: Delivery, _sent: object) -> None:
    """Somebody has been asked whether to join, and is not asked again."""
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


def get_schedule(tx: Transaction, schedule_id: int) -> Schedule:
    """A check-in of this workspace that is still there; else raises UserError."""
    schedule = tx.session.get(Schedule, schedule_id)
    if (
        schedule is None
        or schedule.installation_id != tx.workspace.id
        or schedule.state == "deleted"
    ):
        raise UserError(GONE)
    return schedule


def joined_schedules(tx: Transaction, member: str) -> list[JoinableSchedule]:
    """The check-ins that the person has joined, by channel."""
    rows = tx.session.execute(
        _existing_schedules(tx.workspace)
        .add_columns(Participant.reminders_stopped_at)
        .join(Participant, Participant.schedule_id == Schedule.id)
        .where(Participant.member == member, Participant.is_active.is_(True))
    )
    return [
        _to_joinable(schedule, channel, reminders_stopped=stopped_at is not None)
        for schedule, channel, stopped_at in rows
    ]


def joinable_schedules(
    tx: Transaction, member: str, slack_channel_ids: Collection[str]
) -> list[JoinableSchedule]:
    """The check-ins in these channels that the person has not joined.

    `channels`: Slack's ids of those that the person is in; none but its people are
    to hear of a private one.
    """
    seated = select(Participant.schedule_id).filter_by(member=member, is_active=True)
    rows = tx.session.execute(
        _existing_schedules(tx.workspace).where(
            Channel.slack_id.in_(slack_channel_ids),
            Channel.is_archived.is_(False),
            Schedule.id.not_in(seated),
        )
    )
    return [_to_joinable(schedule, channel) for schedule, channel in rows]


def open_rounds_for(tx: Transaction, member: str) -> list[OpenRound]:
    """The open rounds that the person has not shared in, the first to close first."""
    rows = tx.session.execute(
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
            Schedule.installation_id == tx.workspace.id,
            Participant.member == member,
            Participant.is_active.is_(True),
            Round.state == "open",
            Round.ts.is_not(None),
            Round.closes_at > tx.now,
            CheckIn.id.is_(None),
        )
        .order_by(Round.closes_at, Round.id)
    )
    return [
        OpenRound(
            round_id=round_.id,
            question=round_.question,
            url=permalink(tx.workspace.team_url, channel.slack_id, round_.ts or ""),
            channel=channel.slack_id,
            channel_name=channel.name,
            is_private=channel.is_private,
            closes_at=round_.closes_at,
        )
        for round_, channel in rows
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
