"""The buddies feature: people who came some months ago help newcomers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.buddies import (
    activity,
    home,
    notifications,
    offers,
    partings,
    personal_data,
    questions,
    service,
    settings,
    wishes,
)
from bot.buddies.permissions import PERMISSIONS
from bot.feature import Feature
from bot.feature.due_rows import DueCounts
from bot.runtime import Transaction
from models import Channel


def _help_lines(_channel: Channel | None) -> list[str]:
    return ["*Find a buddy, or be one for someone new* with `/backswing pairs`."]


def _due_counts(tx: Transaction) -> Mapping[str, int]:
    work = (
        service.left_members(tx),
        partings.due(tx),
        service.waiting_asks(tx),
        offers.silent(tx),
        wishes.unasked(tx),
        questions.due_newcomers(tx),
    )
    return {"find-buddies": sum(map(len, work))}


def _next_due(tx: Transaction) -> Sequence[datetime | None]:
    return [*service.next_ask_times(tx), *questions.next_times(tx)]


def _purge(tx: Transaction, _before: datetime) -> None:
    personal_data.purge(tx)


BUDDIES = Feature(
    name="buddies",
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
    greeting_blocks=notifications.greeting_blocks,
    on_greeted=wishes.on_greeted,
    on_program_left=service.on_program_left,
    home_sections=home.HOME_SECTIONS,
    help_lines=_help_lines,
    due_counts=DueCounts(
        ("find-buddies",),
        _due_counts,
        (service.running_in, offers.offered, wishes.joined_lately, questions.looking),
    ),
    next_due=_next_due,
)
