"""The members who take part in peer coffee, and the pauses of those who are silent."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, select

from bot import permissions
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert_latest
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.pairs.permissions import TAKE_PART
from bot.pairs.rules import Recurrence
from bot.people import beginnings, opt_outs, presence
from bot.programs import kinds
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.workspace import members, roles, workspace_settings
from models import PairOptIn

COFFEE = "coffee"

OFF = "There's no peer coffee in this workspace now."

_PUT = upsert_latest(
    PairOptIn, ("installation_id", "kind", "member"), (), presence="is_in"
)


def is_offered(tx: Transaction) -> bool:
    """Return True if a program has peer coffee."""
    return kinds.is_offered(tx, Kind.COFFEE)


def recurrence(tx: Transaction) -> Recurrence:
    settings = workspace_settings.get(tx)
    return Recurrence(
        settings.coffee_weeks, settings.coffee_weekday - 1, settings.coffee_hour
    )


def can_take_part(tx: Transaction, member: str) -> bool:
    """Return True if the member may use it, and is in an active program with it."""
    return presence.can_take_part(tx, member, TAKE_PART, Kind.COFFEE)


def _wanting(tx: Transaction, before_micros: int | None = None) -> beginnings.Wanting:
    """Return a query for those who take part, without the paused ones."""
    conditions = list(in_conditions(tx))
    if before_micros is not None:
        conditions.append(PairOptIn.event_micros < before_micros)
    maybe_paused = tx.session.scalars(
        select(PairOptIn).where(*conditions, PairOptIn.paused_at.is_not(None))
    )
    paused = [row.member for row in maybe_paused if opt_outs.is_paused(row)]
    return [
        select(PairOptIn.member).where(*conditions, PairOptIn.member.not_in(paused))
    ]


def begun_ids(tx: Transaction, before_micros: int | None = None) -> set[int]:
    """Return the ids of the running programs in which peer coffee has begun.

    With a time, only presses before it count.
    """
    return beginnings.begun_ids(tx, Kind.COFFEE, _wanting(tx, before_micros))


def can_be_matched(tx: Transaction) -> list[str]:
    """Return those who could come to a round now, if they take part."""
    return presence.can_be_matched(tx, begun_ids(tx))


def shortage(tx: Transaction, member: str) -> int | None:
    """Return the number of people if they are too few in the member's programs."""
    return beginnings.shortage(tx, member, Kind.COFFEE, _wanting(tx))


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


def people(installation_id: InstallationId, _now: Time) -> Select[str]:
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


def count(tx: Transaction, program_ids: Collection[int] | None = None) -> int:
    """Return the number of those who take part where it has begun, if anywhere.

    With `program_ids`, only the people of these programs. People who are away are among
    them, but not the paused ones, nor those who left the programs with it.
    """
    return beginnings.count(tx, Kind.COFFEE, _wanting(tx), program_ids)
