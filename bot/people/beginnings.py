"""The programs in which a kind of meeting has begun: enough of their people want it."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Select, func, or_, select

from bot.people import presence
from bot.programs import kinds
from bot.programs.rules import MIN_PEOPLE, Kind, Mode
from bot.runtime import Transaction
from models import Member, Program, ProgramMember

# Queries for the members who want the kind.
Wanting = Sequence[Select[str]]


def begun_ids(tx: Transaction, kind: Kind, wanting: Wanting) -> set[int]:
    """Return the ids of the running programs in which the kind has begun."""
    return _begun(tx, kinds.running(tx, kind), kind, wanting)


def _begun(
    tx: Transaction, programs: Iterable[Program], kind: Kind, wanting: Wanting
) -> set[int]:
    programs = list(programs)
    begun = {program.id for program in programs if _is_on(tx, program, kind)}
    waiting = {program.id for program in programs} - begun
    counts = _counts(tx, waiting, wanting)
    return begun | {each for each in waiting if counts.get(each, 0) >= MIN_PEOPLE}


def _is_on(tx: Transaction, program: Program, kind: Kind) -> bool:
    if kinds.choice(tx, program, kind) is Mode.ON:
        return True
    # After its first round, peer coffee goes on with fewer people.
    return kind is Kind.COFFEE and program.coffee_began_at is not None


def _counts(
    tx: Transaction, program_ids: Collection[int], wanting: Wanting
) -> Mapping[int, int]:
    """Return how many of each program's people want it, also if they are away."""
    if not program_ids:
        return {}
    rows = tx.session.execute(
        select(ProgramMember.program_id, func.count())
        .join(Member, Member.slack_id == ProgramMember.member)
        .where(
            *presence.joined_conditions(tx, program_ids),
            or_(*(ProgramMember.member.in_(each) for each in wanting)),
        )
        .group_by(ProgramMember.program_id)
    )
    return dict(rows.all())


def shortage(tx: Transaction, member: str, kind: Kind, wanting: Wanting) -> int | None:
    """Return how many people want it, if they are too few in the member's programs.

    It is the number of the program with the most; None if it has begun in one.
    """
    programs = kinds.of_member(tx, member, kind)
    if any(_is_on(tx, program, kind) for program in programs):
        return None
    most = max(_counts(tx, [each.id for each in programs], wanting).values(), default=0)
    return most if most < MIN_PEOPLE else None


def count(
    tx: Transaction,
    kind: Kind,
    wanting: Wanting,
    program_ids: Collection[int] | None = None,
) -> int:
    """Return how many people want it in the programs in which it has begun.

    If it has begun in none, they are those of all that have it. With `program_ids`,
    only these count. People who are away are among them, but not those who left.
    """
    programs = [
        program
        for program in kinds.running(tx, kind)
        if program_ids is None or program.id in program_ids
    ]
    ids = _begun(tx, programs, kind, wanting) or {program.id for program in programs}
    total = (
        presence.joined_members(tx, ids)
        .where(or_(*(Member.slack_id.in_(each) for each in wanting)))
        .distinct()
    )
    return tx.session.scalar(select(func.count()).select_from(total.subquery())) or 0
