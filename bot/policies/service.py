"""A workspace's own decisions: read with their defaults, and recorded."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.outbox import upsert
from bot.policies.rules import WorkspaceSettings
from models import ProgramLead, WorkspaceSettingsRow


def get(session: Session, installation_id: int) -> WorkspaceSettings:
    """What the workspace decided; all defaults where nothing was."""
    row = session.get(WorkspaceSettingsRow, installation_id, populate_existing=True)
    if row is None:
        return WorkspaceSettings()
    decided = {
        field.name: getattr(row, field.name) for field in fields(WorkspaceSettings)
    }
    return WorkspaceSettings(
        **{k: value for k, value in decided.items() if value is not None}
    )


def update(session: Session, installation_id: int, **changes: Any) -> None:
    """Record some decisions (fields of `Policies`; None is the default)."""
    session.execute(
        upsert(session, WorkspaceSettingsRow)
        .values(installation_id=installation_id, **changes)
        .on_conflict_do_update(index_elements=["installation_id"], set_=changes)
    )


def program_leads(session: Session, installation_id: int) -> list[str]:
    return list(
        session.scalars(
            select(ProgramLead.member)
            .filter_by(installation_id=installation_id)
            .order_by(ProgramLead.member)
        )
    )


def set_program_leads(
    session: Session, installation_id: int, slack_ids: Iterable[str]
) -> None:
    """These people, and no others, run the program with the admins."""
    wanted = set(slack_ids)
    session.execute(
        delete(ProgramLead).where(
            ProgramLead.installation_id == installation_id,
            ProgramLead.member.not_in(wanted),
        )
    )
    for slack_id in sorted(wanted):
        session.execute(
            upsert(session, ProgramLead)
            .values(installation_id=installation_id, member=slack_id)
            .on_conflict_do_nothing()
        )
