"""The circles feature: a few people who meet some times."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement

from bot.circles import (
    activity,
    agenda_messages,
    announcement_edits,
    announcements,
    ask_offers,
    conversation,
    from_asks,
    home,
    meeting_data,
    moves,
    notifications,
    outcomes,
    personal_data,
    places,
    roster_messages,
    vote_messages,
)
from bot.circles.permissions import PERMISSIONS
from bot.feature import Feature
from bot.feature.due_rows import DueRows
from bot.runtime import Transaction
from models import Channel, CircleMeeting


def _meetings_of(ids: Collection[int]) -> Sequence[ColumnElement[bool]]:
    return [CircleMeeting.installation_id.in_(ids)]


def _purge(tx: Transaction, _before: datetime) -> None:
    meeting_data.purge(tx)
    personal_data.purge(tx)


def _help_lines(_channel: Channel | None) -> list[str]:
    return ["*Meet in a circle of five to seven* with `/backswing circles`."]


CIRCLES = Feature(
    name="circles",
    message_types=(
        *notifications.MESSAGE_TYPES,
        *agenda_messages.MESSAGE_TYPES,
        *announcement_edits.MESSAGE_TYPES,
        *announcements.MESSAGE_TYPES,
        *ask_offers.MESSAGE_TYPES,
        *moves.MESSAGE_TYPES,
        *outcomes.MESSAGE_TYPES,
        *roster_messages.MESSAGE_TYPES,
        *vote_messages.MESSAGE_TYPES,
    ),
    permissions=PERMISSIONS,
    personal_data=(*personal_data.PERSONAL_DATA, *meeting_data.PERSONAL_DATA),
    erasure_lines=meeting_data.ERASURE_LINES,
    message_policies=(*personal_data.MESSAGES, *meeting_data.MESSAGES),
    purge=_purge,
    homes_about=personal_data.homes_about,
    active_members=activity.active_members,
    program_facts=activity.program_facts,
    on_place_opened=roster_messages.on_place_opened,
    on_member_left=roster_messages.on_member_left,
    on_program_left=places.on_program_left,
    on_title_changed=announcement_edits.on_title_changed,
    on_channel_id_changed=conversation.on_channel_id_changed,
    on_channel_restricted=announcement_edits.on_channel_restricted,
    ask_options=from_asks.in_options,
    home_sections=(home.OWN_CIRCLES, home.STARTED_CIRCLES),
    help_lines=_help_lines,
    due_rows=(DueRows("keep-meetings", CircleMeeting.due_at, _meetings_of),),
    due_counts=home.DUE_COUNTS,
)
