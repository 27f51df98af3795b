"""Champions' work list, as a feature."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement

from bot.feature import Feature
from bot.feature.due_rows import DueRows
from bot.runtime import Transaction
from bot.worklist import assignment, home, items, mondays, personal_data, settings
from models import Channel, WorkItem


def _open_items_of(ids: Collection[int]) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that an item is open, and that a champion has it."""
    return [
        WorkItem.installation_id.in_(ids),
        WorkItem.outcome == "open",
        WorkItem.champion.is_not(None),
    ]


def _purge(tx: Transaction, _before: datetime) -> None:
    assignment.purge(tx)


def _on_channel_restricted(tx: Transaction, channel: Channel) -> None:
    if channel.is_private:
        items.hide(tx, channel)


def worklist() -> Feature:
    return Feature(
        name="worklist",
        message_types=mondays.MESSAGE_TYPES,
        personal_data=personal_data.PERSONAL_DATA,
        erasure_lines=personal_data.ERASURE_LINES,
        message_policies=mondays.MESSAGES,
        purge=_purge,
        member_settings=settings.MEMBER_SETTINGS,
        home_sections=(home.WORK_LIST,),
        due_rows=(DueRows("suggest-work", WorkItem.until, _open_items_of),),
        on_channel_restricted=_on_channel_restricted,
    )
