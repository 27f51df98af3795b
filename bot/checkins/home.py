"""The Home sections with a member's check-ins, and with rounds to share in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from bot.checkins import list_blocks, participants
from bot.checkins.list_blocks import CheckInItem, DueRound
from bot.home.blocks import ListPage
from bot.home.row_blocks import RowList
from bot.home.rules import PagedList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.home.service import LIST_CHANGED
from bot.runtime import Transaction, Workspace
from bot.slack import rich_text
from bot.slack.text import permalink
from bot.workspace import visibility
from models import Channel, CheckIn, Participant, Round, Schedule

# The most rounds at the top of the Home tab; those that close first are shown.
MAX_DUE_ROUNDS = 5

_PAGES = PagedList("checkins", 5)


@dataclass(frozen=True, slots=True)
class JoinableSchedule:
    """A check-in that a member has joined or may join. `question` is mrkdwn."""

    schedule_id: int
    question: str
    # Slack's id of the channel.
    channel: str
    channel_name: str
    is_private: bool
    # True if the member's reminders stopped after missed rounds.
    reminders_stopped: bool = False


@dataclass(frozen=True, slots=True)
class OpenRound:
    """An open round in which a participant has not shared yet. `question` is mrkdwn."""

    round_id: int
    question: str
    # The permalink of the round's post.
    url: str
    # Slack's id of the channel.
    channel: str
    channel_name: str
    is_private: bool
    # UTC.
    closes_at: datetime


def join(tx: Transaction, schedule_id: int, member: str) -> None:
    """Join a check-in from the Home tab.

    Raises UserError if it is not in the member's list, such as after they have left its
    private channel, and MembershipUnknown.
    """
    schedule = participants.get_schedule(tx, schedule_id)
    channel = tx.session.get_one(Channel, schedule.channel_id)
    visibility.require_visible(tx, channel, member, message=LIST_CHANGED)
    participants.join(tx, schedule_id, member)


def _render_due_rounds(context: HomeContext) -> RenderedSection:
    """Render the rounds to share in; the first to close comes first."""
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
        RowList(
            rows=[list_blocks.due_round(round_) for round_ in rounds[:MAX_DUE_ROUNDS]],
            without_row=max(0, len(rounds) - MAX_DUE_ROUNDS),
        )
    )


def _render_checkins(context: HomeContext) -> RenderedSection:
    """Render the check-ins that the member has joined, and those that they may join."""
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
    """Return the check-ins that the member has joined, sorted by channel name."""
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
    """Return the check-ins in these channels that the member has not joined.

    `slack_channel_ids` are the channels that the member is in and may see.
    """
    joined = select(Participant.schedule_id).filter_by(member=member, is_active=True)
    rows = tx.session.execute(
        _existing_schedules(tx.workspace).where(
            Channel.slack_id.in_(slack_channel_ids),
            Channel.is_archived.is_(False),
            Schedule.id.not_in(joined),
        )
    )
    return [_to_joinable(schedule, channel) for schedule, channel in rows]


def open_rounds_for(tx: Transaction, member: str) -> list[OpenRound]:
    """Return the open rounds that a participant has not shared in, by closing time."""
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
