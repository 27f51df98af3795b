"""The check-ins that somebody has joined, may join or is to share in, for Home."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from bot.checkins import list_blocks, participants
from bot.checkins.list_blocks import CheckInItem, DueRound
from bot.home.blocks import ListPage
from bot.home.rules import PagedList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.home.service import LIST_CHANGED
from bot.runtime import Transaction, Workspace
from bot.slack import rich_text
from bot.slack.text import permalink
from bot.workspace import visibility
from models import Channel, CheckIn, Participant, Round, Schedule

# So many rounds wait at most; those that close first.
MAX_DUE_ROUNDS = 5

_PAGES = PagedList("checkins", 5)


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


def join(tx: Transaction, schedule_id: int, member: str) -> None:
    """Join a check-in from the list; raises UserError for what is in no such list.

    Only members of a private channel may hear of its check-ins.
    """
    schedule = participants.get_schedule(tx, schedule_id)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    visibility.require_visible(tx, channel, member, message=LIST_CHANGED)
    participants.join(tx, schedule_id, member)


def _render_due_rounds(context: HomeContext) -> RenderedSection:
    """Show the rounds to share in, the first to close first."""
    rounds = [
        DueRound(
            round_.round_id,
            round_.question,
            round_.url,
            round_.channel_name,
            rich_text.date_token(round_.closes_at, context.zone),
        )
        for round_ in open_rounds_for(context.tx, context.member)
        if not round_.is_private or round_.channel in context.channels
    ]
    return RenderedSection(
        [
            block
            for round_ in rounds[:MAX_DUE_ROUNDS]
            for block in list_blocks.due_round(round_)
        ]
    )


def _render_checkins(context: HomeContext) -> RenderedSection:
    """Show those that they have joined, and those that they may."""
    joined = joined_schedules(context.tx, context.member)
    others = (
        joinable_schedules(context.tx, context.member, context.channels)
        if context.sees_others
        else []
    )
    schedules = [(True, schedule) for schedule in joined]
    schedules += [(False, schedule) for schedule in others]
    start = context.page_start(_PAGES, len(schedules))
    items = [
        _item(
            schedule,
            has_joined=has_joined,
            is_visible=not schedule.is_private or schedule.channel in context.channels,
        )
        for has_joined, schedule in schedules[start : start + _PAGES.page_size]
    ]
    page = ListPage(_PAGES, items, start, len(schedules))
    return RenderedSection(list_blocks.checkins(page), has_activity=bool(joined))


def _item(
    schedule: JoinableSchedule, *, has_joined: bool, is_visible: bool
) -> CheckInItem:
    return CheckInItem(
        schedule.schedule_id,
        schedule.question if is_visible else "",
        schedule.channel_name if is_visible else "",
        has_joined,
        schedule.reminders_stopped,
    )


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


DUE_ROUNDS = HomeSection(render=_render_due_rounds, position=20, is_waiting=True)
CHECKINS_LIST = HomeSection(render=_render_checkins, position=400, pages=_PAGES)
