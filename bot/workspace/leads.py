"""The leads of the workspace's own program, which always exists."""

from collections.abc import Iterable

from sqlalchemy import Select, bindparam, select

from bot.db.statements import replace_members, upsert
from bot.runtime import Transaction
from models import Program, ProgramLead

_LEADS = (
    select(ProgramLead.member)
    .join(Program)
    .where(
        Program.installation_id == bindparam("installation_id"),
        Program.is_workspace_wide,
    )
)
_LEAD = _LEADS.where(ProgramLead.member == bindparam("member"))


def _program(tx: Transaction) -> Select[int]:
    return select(Program.id).filter_by(
        installation_id=tx.workspace.id, is_workspace_wide=True
    )


def workspace_program_id(tx: Transaction) -> int:
    """Return the id of the workspace's own program; the first call creates its row."""
    program_id = tx.session.scalar(_program(tx))
    if program_id is not None:
        return program_id
    tx.session.execute(
        upsert(tx.session, Program)
        .values(
            installation_id=tx.workspace.id, is_workspace_wide=True, opened_at=tx.now
        )
        .on_conflict_do_nothing()
    )
    return tx.session.execute(_program(tx)).scalar_one()


def is_program_lead(tx: Transaction, member: str) -> bool:
    """Return True if the member leads the workspace's own program."""
    values = {"installation_id": tx.workspace.id, "member": member}
    return tx.session.scalar(_LEAD, values) is not None


def program_leads(tx: Transaction) -> list[str]:
    """Return the leads of the workspace's own program, in the order of their ids."""
    values = {"installation_id": tx.workspace.id}
    return list(tx.session.scalars(_LEADS.order_by(ProgramLead.member), values))


def set_program_leads(tx: Transaction, slack_ids: Iterable[str]) -> None:
    """Make exactly these members the leads of the workspace's own program."""
    replace_members(
        tx.session, ProgramLead, slack_ids, program_id=workspace_program_id(tx)
    )
