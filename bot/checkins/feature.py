"""The check-ins feature."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from bot.checkins import (
    closing,
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
from bot.feature.due_rows import DueRows
from bot.forms.fields import Switch
from bot.messages.events import BatchedChange, DeletedMessage, NewMessage, one_by_one
from bot.messages.lookup import TrackedTable
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace
from bot.workspace.member_settings import column_setting
from models import Base, Channel, CheckIn, Member, Round, Schedule


def _summarize_reminders(values: Mapping[str, Any], _zone: str) -> tuple[str, str]:
    return "Reminders", "on" if values["wants_reminders"] else "off"


_REMINDERS = column_setting(
    Switch(
        name="wants_reminders",
        label="Reminders",
        tick_label="Remind me once about a check-in that I joined",
    ),
    position=29,
    summarize=_summarize_reminders,
)


def _schedules_of(ids: Collection[int]) -> Sequence[ColumnElement[bool]]:
    return [Schedule.state == "on", Schedule.installation_id.in_(ids)]


def _rounds_of(ids: Collection[int]) -> ColumnElement[bool]:
    schedules = select(Schedule.id).where(Schedule.installation_id.in_(ids))
    return Round.schedule_id.in_(schedules)


def _open_rounds_of(ids: Collection[int]) -> Sequence[ColumnElement[bool]]:
    return [Round.state == "open", _rounds_of(ids)]


def _responses_of(ids: Collection[int]) -> Sequence[ColumnElement[bool]]:
    round_ids = select(Round.id).where(_rounds_of(ids))
    return [CheckIn.round_id.in_(round_ids)]


def _on_member_loaded(tx: Transaction, member: Member) -> None:
    responses.on_user_loaded(tx, member.slack_id)


def _on_member_left(tx: Transaction, channel: str, member: str, at: datetime) -> None:
    participants.leave_channel(tx, channel, member, left_at=at)


def _on_bot_joined(tx: Transaction, channel: Channel, _inviter: str | None) -> None:
    responses.resync_open_threads(tx, channel)


def _on_message(
    _rt: Runtime, _workspace: Workspace, message: NewMessage, thread: TrackedMessage
) -> BatchedChange | None:
    """Return the change that a reply in the thread of a round causes."""
    round_ = thread.rows.get("rounds")
    if round_ is None or not message.is_reply:
        return None
    return BatchedChange(one_by_one, partial(_record_reply, message, round_.id))


def _record_reply(message: NewMessage, round_id: int, tx: Transaction) -> None:
    responses.record_reply(tx, round_id, ts=message.ts, author=message.user or "")


def _purge(tx: Transaction, _before: datetime) -> None:
    personal_data.purge(tx)


def _on_message_deleted(
    _rt: Runtime,
    _workspace: Workspace,
    deleted: DeletedMessage,
    message: TrackedMessage,
    thread: TrackedMessage | None,
) -> BatchedChange | None:
    """Return the change that the deletion of a round's post, or of a reply, causes."""
    round_ = message.rows.get("rounds")
    if round_ is not None:
        return BatchedChange(one_by_one, partial(_cancel_round, round_.id))
    round_ = thread.rows.get("rounds") if thread else None
    if round_ is None:
        return None
    return BatchedChange(one_by_one, partial(_delete_reply, deleted, round_.id))


def _cancel_round(round_id: int, tx: Transaction) -> None:
    closing.cancel(tx, round_id)


def _delete_reply(deleted: DeletedMessage, round_id: int, tx: Transaction) -> None:
    responses.on_reply_deleted(tx, round_id, ts=deleted.ts, author=deleted.author)


def _active_members(
    _tx: Transaction, _program_id: int, channel_ids: Collection[int], since: datetime
) -> Sequence[Select[str]]:
    """Return a query for the members who shared something in a round."""
    query = (
        select(CheckIn.member)
        .join(Round, Round.id == CheckIn.round_id)
        .where(
            Round.channel_id.in_(channel_ids),
            Round.opened_at >= since,
            CheckIn.state == "shared",
        )
    )
    return [query]


def _rows_to_lock(
    _session: Session, messages: Sequence[TrackedMessage]
) -> Mapping[type[Base], Collection[int]]:
    """Return the rounds whose posts are among these messages."""
    rows = (message.rows.get("rounds") for message in messages)
    return {Round: {row.id for row in rows if row}}


CHECKINS = Feature(
    name="checkins",
    message_types=notifications.MESSAGE_TYPES,
    permissions=permissions.PERMISSIONS,
    personal_data=personal_data.PERSONAL_DATA,
    purge=_purge,
    erasure_lines=personal_data.ERASURE_LINES,
    message_policies=personal_data.MESSAGES,
    channel_settings_section=pages.section,
    member_settings=(_REMINDERS,),
    home_sections=(home.DUE_ROUNDS, home.CHECKINS_LIST),
    active_members=_active_members,
    help_lines=lambda _emoji: [notes.HELP],
    due_rows=(
        DueRows("start-checkins", Schedule.next_at, _schedules_of),
        DueRows("close-checkins", Round.closes_at, _open_rounds_of),
        DueRows("send-checkin-reminders", CheckIn.remind_at, _responses_of),
    ),
    tracked_tables=(TrackedTable("rounds", Round),),
    rows_to_lock=_rows_to_lock,
    on_message=_on_message,
    on_message_deleted=_on_message_deleted,
    on_member_loaded=_on_member_loaded,
    on_member_left=_on_member_left,
    on_bot_joined=_on_bot_joined,
)
