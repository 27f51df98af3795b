"""The circles feature: a few people who meet some times."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement

from bot.circles import agenda_messages, announcements, meeting_data, personal_data
from bot.circles.permissions import PERMISSIONS
from bot.feature import DueRows, Feature
from bot.runtime import Transaction
from models import CircleMeeting


def _meetings_of(installation_id: int) -> Sequence[ColumnElement[bool]]:
    return [CircleMeeting.installation_id == installation_id]


def _purge(tx: Transaction, _before: datetime) -> None:
    meeting_data.purge(tx)


CIRCLES = Feature(
    name="circles",
    message_types=(*agenda_messages.MESSAGE_TYPES, *announcements.MESSAGE_TYPES),
    permissions=PERMISSIONS,
    personal_data=(*personal_data.PERSONAL_DATA, *meeting_data.PERSONAL_DATA),
    erasure_lines=meeting_data.ERASURE_LINES,
    message_policies=meeting_data.MESSAGES,
    purge=_purge,
    due_rows=(DueRows("keep-meetings", CircleMeeting.due_at, _meetings_of),),
)
