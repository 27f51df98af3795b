"""Take the buttons off invitations that were accepted, or whose program is over.

An invitation is updated once more when its member leaves. It never gets its buttons
back: nobody knows who said no.
"""

from collections.abc import Collection

from sqlalchemy import Select, or_, select

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.outbox.enqueue import dedup_key
from bot.programs import service
from bot.programs.message_kinds import (
    PROGRAM_INVITATION,
    PROGRAM_POST_INVITATION,
    PROGRAM_UPDATE_INVITATION,
)
from bot.runtime import Transaction
from models import OutboxItem, Program

_KINDS: Collection[str] = (PROGRAM_INVITATION, PROGRAM_POST_INVITATION)


def follow(tx: Transaction, program_id: int, member: str) -> None:
    """Update the invitation of a member who joined or left; its subject is the item."""
    key = dedup_key(PROGRAM_INVITATION, program_id, member)
    item_id = tx.session.scalar(
        select(OutboxItem.id).filter_by(
            installation_id=tx.workspace.id, dedup_key=key, state="sent"
        )
    )
    if item_id is not None:
        tx.enqueue_update(PROGRAM_UPDATE_INVITATION, item_id, to=member)


def over(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select programs that ended, whose invitations have their buttons."""
    return select(Program.id).where(
        Program.installation_id == installation_id,
        Program.is_workspace_wide.is_(False),
        Program.opened_at.is_not(None),
        Program.closed_at.is_(None),
        or_(
            Program.ended_at.is_not(None),
            Program.archived_at.is_not(None),
            Program.ends_on < now.date(),
        ),
    )


def count_due(tx: Transaction) -> int:
    """Return how many programs ended whose invitations have their buttons."""
    return len(tx.session.scalars(over(tx.workspace.id, tx.now)).all())


def close(tx: Transaction) -> None:
    """Update all invitations to programs that are over, once."""
    for program_id in tx.session.scalars(
        over(tx.workspace.id, tx.now).order_by(Program.id)
    ).all():
        program = service.lock(tx, program_id)
        if service.is_active(tx, program):
            continue
        program.closed_at = tx.now
        items = tx.session.execute(
            select(OutboxItem.id, OutboxItem.recipient).where(
                OutboxItem.installation_id == tx.workspace.id,
                OutboxItem.kind.in_(_KINDS),
                OutboxItem.subject_id == program.id,
                OutboxItem.ts.is_not(None),
            )
        ).all()
        targets = [(item.id, item.recipient) for item in items]
        tx.enqueue_updates(PROGRAM_UPDATE_INVITATION, targets)
