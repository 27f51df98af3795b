"""Take people out of new matches who can't come, or must not meet each other."""

from collections.abc import Sequence

from sqlalchemy import Row, Select, exists, or_, select
from sqlalchemy.orm import aliased

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.matching.cost import must_not_meet
from bot.pairs import matches, opt_ins, rules, schedule
from bot.people import exclusions, facts, presence
from bot.programs import kinds
from bot.programs.rules import Kind
from bot.runtime import Transaction
from models import DoNotPair, Member, PairMatch, PairMatchMember, Program


def has_absent(tx: Transaction) -> bool:
    """Return True if `withdraw_absent` has something to do."""
    return bool(_absent_members(tx) or _refusing_members(tx) or _parted_members(tx))


def withdraw_absent(tx: Transaction) -> None:
    """Take people out of new matches who can no longer come, or left.

    These are people who were deactivated or forgotten, who paused the bot or are on
    vacation, and who left their programs; but not those who have answered. Someone who
    never wants to meet the other leaves in any case. Two who must not meet, as is known
    only now, are matched anew if they have not been introduced.
    """
    matches.lock(tx)
    matches.leave_open(tx, _refusing_members(tx), keeps_answered=False)
    matches.leave_open(tx, _absent_members(tx))
    for member in _parted_members(tx):
        matches.leave_open(tx, [member], keeps_answered=False, is_matched_anew=True)


def on_program_left(tx: Transaction, program_id: int, member: str) -> None:
    """Take someone who left their last program with it out of all open matches.

    To leave a program that has none changes nothing, unless it was the last of all.
    """
    if opt_ins.find(tx, member) is None or opt_ins.can_take_part(tx, member):
        return
    program = tx.session.get_one(Program, program_id)
    has_it = bool(kinds.having(tx, [program], Kind.COFFEE))
    if not has_it and presence.in_a_program(tx, [member]):
        return
    matches.lock(tx)
    matches.leave_open(tx, [member], keeps_answered=False)


def _absent_members(tx: Transaction) -> set[str]:
    waiting = set(
        tx.session.scalars(
            new_matches(tx.workspace.id, tx.now).where(
                PairMatchMember.answer.is_(None), PairMatchMember.outcome.is_(None)
            )
        )
    )
    if not waiting:
        return set()
    present = {row.member for row in opt_ins.active(tx)}
    return waiting - (present & set(presence.can_be_matched(tx)))


def _refusing_members(tx: Transaction) -> set[str]:
    """Return those who have said since that they never want to meet their mate."""
    mate = aliased(PairMatchMember)
    return set(
        tx.session.scalars(
            new_matches(tx.workspace.id, tx.now)
            .join(mate, mate.match_id == PairMatchMember.match_id)
            .join(
                DoNotPair,
                (DoNotPair.installation_id == tx.workspace.id)
                & (DoNotPair.member == PairMatchMember.member)
                & (DoNotPair.other == mate.member),
            )
            .where(mate.is_current.is_(True), PairMatchMember.outcome.is_(None))
        )
    )


def _parted_members(tx: Transaction) -> Sequence[str]:
    """Return one of each two who must not meet, and who has not read of the other.

    A file has named a manager since, or a guest has left the channel that they shared.
    """
    pairs = [row for row in _doubtful_pairs(tx) if not _has_read(tx, row)]
    ids = {each for row in pairs for each in (row.member, row.mate)}
    people = {person.id: person for person in facts.load_people(tx, ids)}
    leaving: dict[str, None] = {}
    for row in pairs:
        if row.mate not in leaving and must_not_meet(
            people[row.member], people[row.mate]
        ):
            leaving[row.member] = None
    return list(leaving)


def _has_read(tx: Transaction, row: Row[int, str, str]) -> bool:
    return schedule.is_introduced(tx, row.match_id, row.member)


def _doubtful_pairs(tx: Transaction) -> Sequence[Row[int, str, str]]:
    """Return the pairs of new matches with a guest, or with a manager and a report."""
    mate = aliased(PairMatchMember)
    is_guest = exists().where(
        Member.installation_id == tx.workspace.id,
        Member.slack_id.in_([PairMatchMember.member, mate.member]),
        Member.is_guest.is_(True),
    )
    return tx.session.execute(
        new_matches(tx.workspace.id, tx.now)
        .with_only_columns(
            PairMatchMember.match_id, PairMatchMember.member, mate.member.label("mate")
        )
        .join(mate, mate.match_id == PairMatchMember.match_id)
        .where(
            mate.is_current.is_(True),
            mate.member != PairMatchMember.member,
            or_(
                is_guest,
                exclusions.are_manager_and_report(
                    tx, PairMatchMember.member, mate.member
                ),
            ),
        )
        .order_by(PairMatchMember.match_id, PairMatchMember.member)
    ).all()


def new_matches(installation_id: InstallationId, now: Time) -> Select[str]:
    """Select the people in matches that are new."""
    return (
        select(PairMatchMember.member)
        .join(PairMatch, PairMatch.id == PairMatchMember.match_id)
        .where(
            PairMatch.installation_id == installation_id,
            PairMatch.formed_at > now - rules.REMATCH_FOR,
            PairMatchMember.is_current.is_(True),
        )
    )
