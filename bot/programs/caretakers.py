"""The people who look after channels: the champions and leads of their programs."""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, select

from bot.programs import service
from bot.runtime import Transaction
from bot.worklist.kind import Caretakers
from models import (
    Program,
    ProgramChampion,
    ProgramChannel,
    ProgramLead,
)


def caretakers(
    tx: Transaction, channel_ids: Collection[int]
) -> Mapping[int, Caretakers]:
    """Return the champions and leads of the active programs in each channel."""
    programs = [
        program
        for program in tx.session.scalars(
            select(Program).filter_by(installation_id=tx.workspace.id)
        )
        if service.is_active(tx, program)
    ]
    ids = [program.id for program in programs]
    champions = _people(
        tx,
        ProgramChampion,
        ids,
        ProgramChampion.is_willing.is_(True),
        ProgramChampion.removed_at.is_(None),
    )
    leads = _people(tx, ProgramLead, ids)
    places: dict[int, set[int]] = {channel_id: set() for channel_id in channel_ids}
    for row in tx.session.execute(
        select(ProgramChannel.program_id, ProgramChannel.channel_id).where(
            ProgramChannel.program_id.in_(ids),
            ProgramChannel.channel_id.in_(channel_ids),
        )
    ):
        places[row.channel_id].add(row.program_id)
    everywhere = {program.id for program in programs if program.is_workspace_wide}
    return {
        channel_id: Caretakers(
            frozenset().union(*(champions.get(each, ()) for each in of | everywhere)),
            frozenset().union(*(leads.get(each, ()) for each in of | everywhere)),
        )
        for channel_id, of in places.items()
    }


def _people(
    tx: Transaction,
    model: type[ProgramChampion] | type[ProgramLead],
    program_ids: Collection[int],
    *conditions: ColumnElement[bool],
) -> Mapping[int, set[str]]:
    rows = tx.session.execute(
        select(model.program_id, model.member).where(
            model.program_id.in_(program_ids), *conditions
        )
    )
    people: dict[int, set[str]] = {}
    for row in rows:
        people.setdefault(row.program_id, set()).add(row.member)
    return people
