"""The people whom a round leaves out: they want fewer rounds, or never answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import aliased

from bot.clock import datetime_to_micros
from bot.pairs import opt_ins, rules
from bot.pairs.rules import Outcome
from bot.runtime import Transaction
from models import (
    MemberSettingsRow,
    PairMatch,
    PairMatchMember,
    PairOptIn,
    PairRound,
)


@dataclass(frozen=True, slots=True)
class Pace:
    """The fewest weeks from one coffee to the next, and the day of the last round."""

    weeks: int
    last_day: date

    def rests_on(self, day: date) -> bool:
        """Return True if it is too early for another coffee in the round of a day."""
        return rules.is_too_early(day, self.last_day, self.weeks)


def paces(tx: Transaction, member: str | None = None) -> Mapping[str, Pace]:
    """Return the paces of those who chose one and had a coffee; of all, or of one.

    Rounds in which they, or all others, could not come don't count.
    """
    query = (
        select(
            PairMatchMember.member,
            MemberSettingsRow.coffee_weeks,
            func.max(PairRound.day),
        )
        .join(PairRound, PairRound.id == PairMatchMember.round_id)
        .join(
            MemberSettingsRow,
            (MemberSettingsRow.member == PairMatchMember.member)
            & (MemberSettingsRow.installation_id == PairRound.installation_id),
        )
        .where(
            PairRound.installation_id == tx.workspace.id,
            PairMatchMember.is_current.is_(True),
            MemberSettingsRow.coffee_weeks.is_not(None),
        )
        .group_by(PairMatchMember.member, MemberSettingsRow.coffee_weeks)
    )
    if member is not None:
        query = query.where(PairMatchMember.member == member)
    return {
        name: Pace(weeks, day)
        for name, weeks, day in tx.session.execute(query)
        if weeks is not None
    }


def silent_members(tx: Transaction) -> set[str]:
    """Return those who were matched in several rounds, and answered in none.

    These are the last rounds in which they were to meet someone. Someone whose mate
    said that they met is not silent.
    """
    last = _last_matches(tx).subquery()
    own, mate = PairMatchMember, aliased(PairMatchMember)
    has_met = exists().where(mate.match_id == own.match_id, mate.outcome == Outcome.MET)
    rows = tx.session.execute(
        select(own.member, PairOptIn.event_micros, func.min(PairMatch.formed_at))
        .join(last, (last.c.match_id == own.match_id) & (last.c.member == own.member))
        .join(PairMatch, PairMatch.id == own.match_id)
        .join(
            PairOptIn,
            (PairOptIn.member == own.member)
            & (PairOptIn.installation_id == PairMatch.installation_id),
        )
        .where(
            *opt_ins.in_conditions(tx),
            last.c.place <= rules.SILENT_ROUNDS,
            own.answer.is_(None),
            own.outcome.is_(None),
            ~has_met,
        )
        .group_by(own.member, PairOptIn.event_micros)
        .having(func.count() == rules.SILENT_ROUNDS)
    )
    # Others pressed a button since, to take part again.
    return {
        member
        for member, event_micros, first in rows
        if event_micros < datetime_to_micros(first)
    }


def _last_matches(tx: Transaction) -> Select[int, str, int]:
    """Select the matches that members were to meet in, or answered; 1 is the last."""
    own = PairMatchMember
    return (
        select(
            own.match_id,
            own.member,
            func.row_number()
            .over(partition_by=own.member, order_by=own.match_id.desc())
            .label("place"),
        )
        .join(PairMatch, PairMatch.id == own.match_id)
        .where(
            PairMatch.installation_id == tx.workspace.id,
            or_(own.is_current.is_(True), own.answer.is_not(None)),
        )
    )
