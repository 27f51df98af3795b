"""The setting of a champion: Monday's message."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select

from bot.forms.fields import Switch
from bot.runtime import Transaction
from bot.workspace import member_settings
from bot.workspace.member_settings import column_setting
from models import WorkItem


def _summarize(values: Mapping[str, Any], _zone: str) -> tuple[str, str]:
    return "Monday messages for champions", "on" if values["wants_work_list"] else "off"


def _is_offered(tx: Transaction, member: str) -> bool:
    """Return True for members who have had suggestions."""
    items = select(WorkItem.id).where(
        WorkItem.installation_id == tx.workspace.id,
        or_(WorkItem.champion == member, WorkItem.previous_champion == member),
    )
    has_had_any = tx.session.scalar(items.limit(1)) is not None
    return has_had_any or not member_settings.get(tx, member).wants_work_list


MEMBER_SETTINGS = (
    column_setting(
        Switch(
            name="wants_work_list",
            label="For champions",
            tick_label="On Mondays, tell me what I could do",
        ),
        position=75,
        summarize=_summarize,
        is_offered=_is_offered,
    ),
)
