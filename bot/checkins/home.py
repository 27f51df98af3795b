"""The check-ins that somebody has joined, may join or is to share in, for Home."""

from bot import visibility
from bot.checkins import list_blocks, participants
from bot.checkins.list_blocks import CheckInItem, DueRound
from bot.checkins.participants import JoinableSchedule
from bot.home.blocks import ListPage
from bot.home.rules import PagedList
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.home.service import LIST_CHANGED
from bot.runtime import Transaction
from bot.slack import rich_text
from models import Channel

# So many rounds wait at most; those that close first.
MAX_DUE_ROUNDS = 5

_PAGES = PagedList("checkins", 5)


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
        for round_ in participants.open_rounds_for(context.tx, context.member)
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
    joined = participants.joined_schedules(context.tx, context.member)
    others = (
        participants.joinable_schedules(context.tx, context.member, context.channels)
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


DUE_ROUNDS = HomeSection(render=_render_due_rounds, position=20, is_waiting=True)
CHECKINS_LIST = HomeSection(render=_render_checkins, position=400, pages=_PAGES)
