"""The members who take part in peer coffee, and the pauses of those who are silent."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select

from bot import permissions
from bot.db.statements import InstallationId, upsert_latest
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.pairs.permissions import TAKE_PART
from bot.pairs.rules import Recurrence
from bot.people import opt_outs, presence
from bot.runtime import Transaction
from bot.workspace import members, roles, workspace_settings
from models import PairOptIn

COFFEE = "coffee"

OFF = "There's no peer coffee in this workspace now."

_PUT = upsert_latest(
    PairOptIn, ("installation_id", "kind", "member"), (), presence="is_in"
)


def is_offered(tx: Transaction) -> bool:
    """Return True unless the workspace has no peer coffee."""
    return workspace_settings.get(tx).coffee != "off"


def recurrence(tx: Transaction) -> Recurrence:
    settings = workspace_settings.get(tx)
    return Recurrence(
        settings.coffee_weeks, settings.coffee_weekday - 1, settings.coffee_hour
    )


def can_take_part(tx: Transaction, member: str) -> bool:
    """Return True if the member may use it, and is in a program that is active."""
    return presence.can_take_part(tx, member, TAKE_PART)


def find(tx: Transaction, member: str) -> PairOptIn | None:
    """Return the row of a member who takes part, or did."""
    key = (tx.workspace.id, COFFEE, member)
    return tx.session.get(PairOptIn, key, populate_existing=True)


def takes_part(tx: Transaction, member: str) -> bool:
    """Return True for a member who takes part, also during a pause by silence."""
    row = find(tx, member)
    return row is not None and row.is_in


def stop_waiting(tx: Transaction, member: str, round_id: int) -> None:
    """Let a member wait no longer for someone to meet in a round."""
    row = find(tx, member)
    if row is not None and row.waits_in == round_id:
        row.waits_in = None


def join(tx: Transaction, by: str, *, event_micros: int) -> None:
    """Take part from the next round on. Raises UserError."""
    permissions.require(TAKE_PART, roles.in_workspace(tx, by))
    if not is_offered(tx):
        raise UserError(OFF)
    if not can_take_part(tx, by):
        raise UserError(TAKE_PART.denial)
    put(tx, by, event_micros=event_micros, is_in=True)


def put(tx: Transaction, member: str, *, event_micros: int, is_in: bool) -> bool:
    """Store a press; return True unless a later one has been stored."""
    # Otherwise the row could be written after they were forgotten.
    members.lock(tx, member)
    stored = tx.session.execute(
        _PUT(tx.session),
        {
            "installation_id": tx.workspace.id,
            "kind": COFFEE,
            "member": member,
            "is_in": is_in,
            "event_micros": event_micros,
        },
    ).first()
    home_refresh.refresh_homes(tx, [member])
    return stored is not None


def in_conditions(tx: Transaction) -> Sequence[ColumnElement[bool]]:
    """Return the conditions on the rows of those who take part."""
    return _is_in(tx.workspace.id)


def _is_in(installation_id: InstallationId) -> Sequence[ColumnElement[bool]]:
    return [
        PairOptIn.installation_id == installation_id,
        PairOptIn.kind == COFFEE,
        PairOptIn.is_in.is_(True),
    ]


def people(installation_id: InstallationId, _now: datetime) -> Select[str]:
    """Select those who take part, also those who are paused."""
    return select(PairOptIn.member).where(*_is_in(installation_id))


def lock_all(tx: Transaction) -> dict[str, PairOptIn]:
    """Lock and return the rows of all who take part, by member."""
    rows = tx.session.scalars(
        select(PairOptIn)
        .where(*in_conditions(tx))
        .order_by(PairOptIn.member)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.member: row for row in rows}


def active(tx: Transaction, *, before_micros: int | None = None) -> list[PairOptIn]:
    """Return those who take part and are not paused; of presses before a time."""
    conditions = list(in_conditions(tx))
    if before_micros is not None:
        conditions.append(PairOptIn.event_micros < before_micros)
    rows = tx.session.scalars(
        select(PairOptIn).where(*conditions).order_by(PairOptIn.member)
    )
    return [row for row in rows if not opt_outs.is_paused(row)]


def count(tx: Transaction) -> int:
    """Return the number of those who take part, without the paused ones.

    People who are away are among them, but not those who left all running programs.
    """
    conditions = [
        *in_conditions(tx),
        PairOptIn.member.in_(presence.joined_members(tx)),
    ]
    everyone = tx.session.scalar(
        select(func.count()).select_from(PairOptIn).where(*conditions)
    )
    maybe_paused = tx.session.scalars(
        select(PairOptIn).where(*conditions, PairOptIn.paused_at.is_not(None))
    )
    return (everyone or 0) - sum(map(opt_outs.is_paused, maybe_paused))
