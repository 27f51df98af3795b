"""The kinds of meetings that programs have."""

from collections.abc import Iterable

from sqlalchemy import select

from bot.programs import membership, service
from bot.programs.rules import Kind, Mode, State
from bot.runtime import Transaction
from bot.workspace import workspace_settings
from models import Program


def mode(tx: Transaction, program: Program, kind: Kind) -> Mode:
    """Return the choice of a program for a kind.

    That of the workspace's own program is a setting of the workspace.
    """
    owner = workspace_settings.get(tx) if program.is_workspace_wide else program
    return Mode(getattr(owner, kind))


def _having(tx: Transaction, programs: Iterable[Program], kind: Kind) -> list[Program]:
    return [program for program in programs if mode(tx, program, kind) is not Mode.OFF]


def is_offered(tx: Transaction, kind: Kind) -> bool:
    """Return True if a program that is active has it.

    The workspace's own program may not be stored yet.
    """
    if getattr(workspace_settings.get(tx), kind) != Mode.OFF:
        return True
    return any(
        service.is_active(tx, program) for program in _having(tx, _all(tx), kind)
    )


def of_member(tx: Transaction, member: str, kind: Kind) -> list[Program]:
    """Return those of the member's programs that are active and have it."""
    joined = [program for program, _ in membership.joined_programs(tx, member)]
    active = [program for program in joined if service.is_active(tx, program)]
    return _having(tx, active, kind)


def running(tx: Transaction, kind: Kind | None = None) -> list[Program]:
    """Return the programs that run and are not paused; with a kind, those with it."""
    programs = [
        program for program in _all(tx) if service.state(tx, program) is State.RUNNING
    ]
    paused = service.paused_ids(tx, programs)
    programs = [program for program in programs if program.id not in paused]
    return programs if kind is None else _having(tx, programs, kind)


def _all(tx: Transaction) -> Iterable[Program]:
    return tx.session.scalars(
        select(Program).filter_by(installation_id=tx.workspace.id)
    )
