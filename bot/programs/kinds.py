"""The kinds of meetings that programs have."""

from collections.abc import Iterable

from sqlalchemy import select

from bot.programs import membership, service
from bot.programs.rules import OFF_EVERYWHERE, Kind, Mode, State
from bot.runtime import Transaction
from bot.workspace import workspace_settings
from models import Program


def choice(tx: Transaction, program: Program, kind: Kind) -> Mode:
    """Return the choice of a program for a kind, also while it is off everywhere.

    That of the workspace's own program is a setting of the workspace.
    """
    if not program.is_workspace_wide:
        return Mode(getattr(program, kind))
    own = getattr(workspace_settings.get(tx), kind)
    return Mode.OFF if own == OFF_EVERYWHERE else Mode(own)


def is_off_everywhere(tx: Transaction, kind: Kind) -> bool:
    """Return True if the workspace has switched a kind off in all of its programs."""
    return bool(getattr(workspace_settings.get(tx), kind) == OFF_EVERYWHERE)


def having(tx: Transaction, programs: Iterable[Program], kind: Kind) -> list[Program]:
    """Return those of the programs that have a kind."""
    programs = list(programs)
    if not programs or is_off_everywhere(tx, kind):
        return []
    return [each for each in programs if choice(tx, each, kind) is not Mode.OFF]


def is_offered(tx: Transaction, kind: Kind) -> bool:
    """Return True if a program that is active has it.

    The workspace's own program may not be stored yet.
    """
    own = getattr(workspace_settings.get(tx), kind)
    if own not in {Mode.OFF, OFF_EVERYWHERE}:
        return True
    return any(service.is_active(tx, each) for each in having(tx, _all(tx), kind))


def of_member(tx: Transaction, member: str, kind: Kind) -> list[Program]:
    """Return those of the member's programs that are active and have it."""
    joined = [program for program, _ in membership.joined_programs(tx, member)]
    active = [program for program in joined if service.is_active(tx, program)]
    return having(tx, active, kind)


def running(tx: Transaction, kind: Kind | None = None) -> list[Program]:
    """Return the programs that run and are not paused; with a kind, those with it."""
    programs = [
        program for program in _all(tx) if service.state(tx, program) is State.RUNNING
    ]
    paused = service.paused_ids(tx, programs)
    programs = [program for program in programs if program.id not in paused]
    return programs if kind is None else having(tx, programs, kind)


def _all(tx: Transaction) -> Iterable[Program]:
    return tx.session.scalars(
        select(Program).filter_by(installation_id=tx.workspace.id)
    )
