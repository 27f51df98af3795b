"""The exchange feature: two members who each learn what the other knows."""

from collections.abc import Mapping
from datetime import datetime

from bot.exchange import (
    activity,
    home,
    notifications,
    personal_data,
    service,
    settings,
)
from bot.exchange.permissions import PERMISSIONS
from bot.feature import Feature
from bot.feature.due_rows import DueCounts
from bot.runtime import Transaction
from models import Channel


def _help_lines(_channel: Channel | None) -> list[str]:
    return ["*Learn together with a peer* with `/backswing pairs`."]


def _due_counts(tx: Transaction) -> Mapping[str, int]:
    return {"end-exchanges": len(service.left_members(tx))}


def _purge(tx: Transaction, _before: datetime) -> None:
    personal_data.purge(tx)


EXCHANGE = Feature(
    name="exchange",
    message_types=notifications.MESSAGE_TYPES,
    permissions=PERMISSIONS,
    personal_data=personal_data.PERSONAL_DATA,
    erasure_lines=personal_data.ERASURE_LINES,
    message_policies=personal_data.MESSAGES,
    homes_about=personal_data.homes_about,
    purge=_purge,
    workspace_settings=settings.WORKSPACE_SETTINGS,
    member_settings=settings.MEMBER_SETTINGS,
    active_members=activity.active_members,
    on_program_left=service.on_program_left,
    home_sections=home.HOME_SECTIONS,
    help_lines=_help_lines,
    due_counts=DueCounts(("end-exchanges",), _due_counts, (service.running_in,)),
)
