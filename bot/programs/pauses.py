"""Tell the leads once that their program has no channel left."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, exists, or_, select, update

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.programs import notes, service
from bot.programs.message_kinds import PROGRAM_WITHOUT_CHANNEL
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.workspace import contact_hours
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import Channel, Program, ProgramChannel


def _has_live_channel() -> ColumnElement[bool]:
    return exists().where(
        ProgramChannel.program_id == Program.id,
        ProgramChannel.channel_id == Channel.id,
        Channel.is_joined.is_(True),
        Channel.is_archived.is_(False),
    )


def without_channel(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select programs that are paused, and whose leads don't know it."""
    return select(Program.id).where(
        Program.installation_id == installation_id,
        Program.is_workspace_wide.is_(False),
        Program.opened_at.is_not(None),
        Program.ended_at.is_(None),
        Program.archived_at.is_(None),
        or_(Program.ends_on.is_(None), Program.ends_on >= now.date()),
        Program.told_without_channel_at.is_(None),
        ~_has_live_channel(),
    )


def with_channel_again(installation_id: InstallationId, _now: Time) -> Select[int]:
    """Select programs that have a channel again, and whose leads don't know it."""
    return select(Program.id).where(*_over(installation_id))


def _over(installation_id: InstallationId) -> Sequence[ColumnElement[bool]]:
    return (
        Program.installation_id == installation_id,
        Program.told_without_channel_at.is_not(None),
        _has_live_channel(),
    )


def count_due(tx: Transaction) -> int:
    """Return how many programs have lost their last channel, or have one again."""
    queries = (without_channel, with_channel_again)
    return sum(
        len(tx.session.scalars(query(tx.workspace.id, tx.now)).all())
        for query in queries
    )


def tell_leads(tx: Transaction) -> None:
    """Tell the leads of programs without a channel; forget it of those with one."""
    tx.session.execute(
        update(Program)
        .where(*_over(tx.workspace.id))
        .values(told_without_channel_at=None)
    )
    for program_id in tx.session.scalars(
        without_channel(tx.workspace.id, tx.now).order_by(Program.id)
    ).all():
        program = service.lock(tx, program_id)
        # A second replica may have been faster.
        if program.told_without_channel_at or not service.is_paused(tx, program):
            continue
        program.told_without_channel_at = tx.now
        for lead in service.program_leads(tx, program):
            tx.enqueue(
                PROGRAM_WITHOUT_CHANNEL,
                program.id,
                to=lead,
                occurrence=tx.now.isoformat(),
            )


def render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the message, unless the program has a channel again, or another lead."""
    program = service.get(tx, delivery.subject_id)
    if not service.is_paused(tx, program):
        return None
    if delivery.recipient not in service.program_leads(tx, program):
        return None
    note = notes.without_channel(program.id, program.name)
    return PostMessage(delivery.recipient, *note)


MESSAGE_TYPES = (
    MessageType(
        PROGRAM_WITHOUT_CHANNEL,
        render,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.NEWS),
    ),
)
