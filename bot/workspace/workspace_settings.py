"""A workspace's own decisions: read with their defaults, and recorded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import delete, select

from bot.db.statements import upsert
from bot.runtime import Transaction
from models import ProgramLead, WorkspaceSettingsRow


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """A workspace's decisions, with the default for what it left open."""

    # Days after which what was sent is forgotten, counted from its sending.
    sent_days: int = 30
    # Days that the ids of messages and reactions are kept which belong to no ask.
    sightings_days: int = 7
    # Days after which somebody who was deactivated is forgotten as if they had asked.
    departed_days: int = 90
    # By the name of a channel's setting: with what a channel begins.
    channel_defaults: Mapping[str, Any] = field(default_factory=dict)


def get(tx: Transaction) -> WorkspaceSettings:
    """What the workspace decided; all defaults where nothing was."""
    row = tx.session.get(WorkspaceSettingsRow, tx.workspace.id, populate_existing=True)
    if row is None:
        return WorkspaceSettings()
    decided = {
        field.name: getattr(row, field.name) for field in fields(WorkspaceSettings)
    }
    return WorkspaceSettings(
        **{k: value for k, value in decided.items() if value is not None}
    )


def update(tx: Transaction, **changes: Any) -> None:
    """Record some decisions (fields of `Policies`; None is the default)."""
    tx.session.execute(
        upsert(tx.session, WorkspaceSettingsRow)
        .values(installation_id=tx.workspace.id, **changes)
        .on_conflict_do_update(index_elements=["installation_id"], set_=changes)
    )


def program_leads(tx: Transaction) -> list[str]:
    return list(
        tx.session.scalars(
            select(ProgramLead.member)
            .filter_by(installation_id=tx.workspace.id)
            .order_by(ProgramLead.member)
        )
    )


def set_program_leads(tx: Transaction, slack_ids: Iterable[str]) -> None:
    """These people, and no others, run the program with the admins."""
    wanted = set(slack_ids)
    tx.session.execute(
        delete(ProgramLead).where(
            ProgramLead.installation_id == tx.workspace.id,
            ProgramLead.member.not_in(wanted),
        )
    )
    for slack_id in sorted(wanted):
        tx.session.execute(
            upsert(tx.session, ProgramLead)
            .values(installation_id=tx.workspace.id, member=slack_id)
            .on_conflict_do_nothing()
        )
