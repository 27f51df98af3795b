"""The pairs feature: members who are matched to learn from each other."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.feature import Feature
from bot.feature.due_rows import DueCounts
from bot.pairs import (
    activity,
    groups,
    home,
    notifications,
    opt_ins,
    permissions,
    personal_data,
    quoted_asks,
    rounds,
    settings,
    withdrawals,
)
from bot.runtime import Transaction
from models import Channel


def _help_lines(_channel: Channel | None) -> list[str]:
    return ["*Meet a peer you may learn from* with `/backswing pairs`."]


def _due_counts(tx: Transaction) -> Mapping[str, int]:
    return {"match-pairs": int(rounds.is_due(tx))}


def _next_due(tx: Transaction) -> Sequence[datetime | None]:
    if not (opt_ins.is_offered(tx) and opt_ins.count(tx)):
        return []
    at = rounds.next_round(tx).starts_at
    return [at] if at > tx.now else []


def _purge(tx: Transaction, _before: datetime) -> None:
    rounds.purge(tx)


PAIRS = Feature(
    name="pairs",
    message_types=notifications.MESSAGE_TYPES,
    permissions=permissions.PERMISSIONS,
    personal_data=personal_data.PERSONAL_DATA,
    message_policies=personal_data.MESSAGES,
    homes_about=personal_data.homes_about,
    purge=_purge,
    on_title_changed=quoted_asks.on_title_changed,
    on_channel_restricted=quoted_asks.on_channel_restricted,
    workspace_settings=settings.WORKSPACE_SETTINGS,
    member_settings=settings.MEMBER_SETTINGS,
    active_members=activity.active_members,
    on_program_left=withdrawals.on_program_left,
    home_sections=home.HOME_SECTIONS,
    help_lines=_help_lines,
    on_place_opened=groups.on_place_opened,
    due_counts=DueCounts(("match-pairs",), _due_counts, (opt_ins.people,)),
    next_due=_next_due,
)
