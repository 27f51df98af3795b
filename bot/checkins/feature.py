"""Check-ins, as a feature."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from bot.checkins import (
    events,
    home,
    notes,
    notifications,
    pages,
    participants,
    permissions,
    personal_data,
    responses,
)
from bot.feature import Feature
from bot.forms.fields import Switch
from bot.monitoring import QueueDepth, due_rows, next_after
from bot.runtime import Transaction
from bot.workspace.member_settings import column_setting
from models import Channel, CheckIn, Member, Round, Schedule


def _summarize_reminders(values: Mapping[str, Any], _zone: str) -> tuple[str, str]:
    return "Reminders", "on" if values["wants_reminders"] else "off"


_REMINDERS = column_setting(
    Switch(
        name="wants_reminders",
        label="Reminders",
        tick_label="Remind me once about a check-in that I joined",
    ),
    position=20,
    summarize=_summarize_reminders,
)


def _due_work(tx: Transaction) -> Mapping[str, QueueDepth]:
    here, rounds_here = _schedules_and_rounds(tx)
    return {
        "start-checkins": due_rows(
            tx, Schedule.next_at, tx.now, Schedule.state == "on", here
        ),
        "close-checkins": due_rows(
            tx, Round.closes_at, tx.now, Round.state == "open", rounds_here
        ),
        "send-checkin-reminders": due_rows(tx, CheckIn.remind_at, tx.now, _nudges(tx)),
    }


def _next_due(tx: Transaction) -> Sequence[datetime | None]:
    here, rounds_here = _schedules_and_rounds(tx)
    return [
        next_after(tx, Schedule.next_at, Schedule.state == "on", here),
        next_after(tx, Round.closes_at, Round.state == "open", rounds_here),
        next_after(tx, CheckIn.remind_at, _nudges(tx)),
    ]


def _schedules_and_rounds(
    tx: Transaction,
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions for schedules and for rounds of the workspace."""
    here = Schedule.installation_id == tx.workspace.id
    return here, Round.schedule_id.in_(select(Schedule.id).where(here))


def _nudges(tx: Transaction) -> ColumnElement[bool]:
    _, rounds_here = _schedules_and_rounds(tx)
    return CheckIn.round_id.in_(select(Round.id).where(rounds_here))


def _on_member_loaded(tx: Transaction, member: Member) -> None:
    responses.on_user_loaded(tx, member.slack_id)


def _on_member_left(tx: Transaction, channel: str, member: str, at: datetime) -> None:
    participants.leave_channel(tx, channel, member, left_at=at)


def _on_bot_joined(tx: Transaction, channel: Channel, _inviter: str | None) -> None:
    responses.resync_open_threads(tx, channel)


CHECKINS = Feature(
    name="checkins",
    message_types=notifications.MESSAGE_TYPES,
    permissions=permissions.PERMISSIONS,
    personal_data=personal_data.PERSONAL_DATA,
    message_policies=personal_data.MESSAGES,
    channel_settings_section=pages.section,
    member_settings=(_REMINDERS,),
    home_sections=(home.DUE_ROUNDS, home.CHECKINS_LIST),
    help_lines=lambda _emoji: [notes.HELP],
    due_work=_due_work,
    next_due=_next_due,
    tracked_tables=events.TABLES,
    lock_messages=events.lock,
    on_message=events.on_message,
    on_message_deleted=events.on_message_deleted,
    on_member_loaded=_on_member_loaded,
    on_member_left=_on_member_left,
    on_bot_joined=_on_bot_joined,
)
