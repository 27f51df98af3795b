"""Rounds as leads see them: of whom, with whom, and with no answer of anyone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from bot.matching.cost import pair_parts
from bot.matching.reasons import summary
from bot.pairs import opt_ins, rounds
from bot.people.lead_scope import LeadScope
from bot.runtime import Transaction
from models import PairMatchMember, PairOptIn

# With more people, forming a round takes longer than Slack waits.
MAX_PREVIEWED = 120


@dataclass(frozen=True, slots=True)
class LeadRound:
    """A round with the people whom a lead sees; others are in groups with them.

    Each group has its members' ids, and the reason in words, or "".
    """

    day: date
    people: int
    unmatched: int
    groups: Sequence[tuple[Sequence[str], str]]


def last_round(tx: Transaction, scope: LeadScope) -> LeadRound | None:
    """Return the last round, as it was formed; None before the first."""
    last = rounds.last_round(tx)
    if last is None:
        return None
    groups, left_out = _first_groups(tx, last.id), _left_out(tx, last.id)
    visible = scope.among(
        tx, {*left_out, *(each for group in groups for each in group)}
    )
    shown = [(group, "") for group in groups if not visible.isdisjoint(group)]
    if scope.is_everyone:
        return LeadRound(last.day, last.people, last.unmatched, shown)
    return LeadRound(last.day, len(visible), len(visible & left_out), shown)


def _left_out(tx: Transaction, round_id: int) -> set[str]:
    """Return those who wait in a round, and had no match in it."""
    matched = select(PairMatchMember.member).filter_by(round_id=round_id)
    return set(
        tx.session.scalars(
            select(PairOptIn.member).where(
                *opt_ins.in_conditions(tx),
                PairOptIn.waits_in == round_id,
                PairOptIn.member.not_in(matched),
            )
        )
    )


def _first_groups(tx: Transaction, round_id: int) -> list[list[str]]:
    """Return the members of the first match of each.

    A second match of the same person would tell that someone couldn't come.
    """
    groups: dict[int, list[str]] = {}
    for match_id, member in tx.session.execute(
        select(PairMatchMember.match_id, PairMatchMember.member)
        .filter_by(round_id=round_id)
        .order_by(PairMatchMember.match_id, PairMatchMember.member)
    ):
        groups.setdefault(match_id, []).append(member)
    listed: set[str] = set()
    first = []
    for group in groups.values():
        if listed.isdisjoint(group):
            first.append(group)
            listed.update(group)
    return first


def preview(tx: Transaction, scope: LeadScope) -> LeadRound | None:
    """Return the next round as it would be now; None if there are too many people."""
    draft = rounds.preview(tx, MAX_PREVIEWED, scope.program_ids)
    if draft is None:
        return None
    formed = draft.form()
    people = {person.id: person for person in draft.people}
    visible = scope.among(tx, people)
    groups = [
        (
            group,
            # A reason tells something of both.
            summary(pair_parts(people[group[0]], people[group[1]], tx.now))
            if visible.issuperset(group)
            else "",
        )
        for group in formed.groups
        if not visible.isdisjoint(group)
    ]
    unmatched = len(visible.intersection(formed.left_out))
    return LeadRound(draft.round.day, len(visible), unmatched, groups)
