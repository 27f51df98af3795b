"""Rounds of peer coffee: when they are due, and who is matched in them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update

from bot import timezones
from bot.clock import datetime_to_micros
from bot.db.statements import upsert
from bot.matching import pairs as matching
from bot.matching.pairs import Pairs
from bot.matching.people import Person
from bot.outbox import home_refresh
from bot.pairs import matches, opt_ins, schedule, turns
from bot.pairs.message_kinds import PAIR_LEFT_OUT, PAIR_PAUSED
from bot.pairs.opt_ins import COFFEE
from bot.people import facts, opt_outs, presence
from bot.runtime import Transaction
from models import (
    Member,
    PairMatch,
    PairMatchMember,
    PairOptIn,
    PairRound,
    PeerPlace,
    Program,
)

KEPT_FOR = timedelta(days=365)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class NextRound:
    """The next round: its day, and the time (UTC) at which it is formed."""

    day: date
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """The people of a round that is to be formed."""

    round: NextRound
    people: Sequence[Person]
    # The programs whose people take part.
    program_ids: Collection[int]
    # The members who did not answer for some rounds.
    silent: Collection[str]
    seed: str

    def form(self) -> Pairs:
        """Match the people; with thousands of them it takes seconds."""
        return matching.form(self.people, seed=self.seed, at=self.round.starts_at)


def next_round(tx: Transaction) -> NextRound:
    """Return the day of the next round, or of one that is due now."""
    recurrence = opt_ins.recurrence(tx)
    last = tx.session.scalar(
        select(func.max(PairRound.day)).filter_by(
            installation_id=tx.workspace.id, kind=COFFEE
        )
    )
    zones = _zones(tx)
    day = recurrence.next_day(last, tx.now, zones)
    return NextRound(day, recurrence.starts_at(day, zones))


def _zones(tx: Transaction) -> set[ZoneInfo]:
    """Return the zones of those who take part."""
    names = tx.session.scalars(
        select(Member.tz)
        .join(
            PairOptIn,
            (PairOptIn.member == Member.slack_id)
            & (PairOptIn.installation_id == Member.installation_id),
        )
        .where(*opt_ins.in_conditions(tx))
        .distinct()
    )
    return {timezones.get_or_utc(name) for name in names}


def is_due(tx: Transaction) -> bool:
    """Return True if it is time for a round, and enough people want one."""
    return _due_people(tx) is not None


def _due_people(
    tx: Transaction,
) -> tuple[NextRound, list[PairOptIn], set[int]] | None:
    """Return a round that is due, with its people and their programs.

    If all who could come rest, it has no people, and the next one is as far away as
    ever.
    """
    if not opt_ins.is_offered(tx) or not opt_ins.count(tx):
        return None
    upcoming = next_round(tx)
    if upcoming.starts_at > tx.now:
        return None
    # People who press later take part in the next round.
    micros = datetime_to_micros(upcoming.starts_at)
    ids = opt_ins.begun_ids(tx, micros)
    present = set(presence.can_be_matched(tx, ids))
    possible = [
        row for row in opt_ins.active(tx, before_micros=micros) if row.member in present
    ]
    if not possible:
        return None
    return upcoming, _not_resting(tx, possible, upcoming.day), ids


def _not_resting(
    tx: Transaction, rows: Sequence[PairOptIn], day: date
) -> list[PairOptIn]:
    """Return those who take part in the round of a day, as often as they want."""
    paces = turns.paces(tx)
    return [
        row
        for row in rows
        if row.member not in paces or not paces[row.member].rests_on(day)
    ]


def own_day(tx: Transaction, member: str, upcoming: date) -> date:
    """Return the day of the next round that the member takes part in.

    `upcoming` is the day of the next round.
    """
    pace = turns.paces(tx, member).get(member)
    while pace is not None and pace.rests_on(upcoming):
        upcoming += timedelta(weeks=opt_ins.recurrence(tx).weeks)
    return upcoming


def draft(tx: Transaction) -> Draft | None:
    """Load the people of a round that is due; None if there is none."""
    due = _due_people(tx)
    if due is None:
        return None
    upcoming, wanting, ids = due
    silent = turns.silent_members(tx)
    rows = {row.member: row for row in wanting if row.member not in silent}
    quiet = silent & {row.member for row in wanting}
    return _draft(tx, upcoming, rows, quiet, ids)


def preview(tx: Transaction, limit: int, program_ids: Collection[int]) -> Draft | None:
    """Return the next round as it would be now; None with more than `limit` people.

    Before it has begun in one of these programs, it is as their beginning would be.
    """
    ids = opt_ins.begun_ids(tx)
    if ids.isdisjoint(program_ids):
        ids = set(program_ids)
    present = set(presence.can_be_matched(tx, ids))
    upcoming = next_round(tx)
    rows = {
        row.member: row
        for row in _not_resting(tx, opt_ins.active(tx), upcoming.day)
        if row.member in present
    }
    if len(rows) > limit:
        return None
    return _draft(tx, upcoming, rows, (), ids)


def _draft(
    tx: Transaction,
    upcoming: NextRound,
    rows: Mapping[str, PairOptIn],
    silent: Collection[str],
    program_ids: Collection[int],
) -> Draft:
    people = matches.with_waits(facts.load_people(tx, rows), rows)
    seed = f"{tx.workspace.team_id}|{COFFEE}|{upcoming.day}"
    return Draft(upcoming, people, program_ids, silent, seed)


def store(tx: Transaction, draft: Draft, formed: Pairs) -> None:
    """Store a round with its matches, unless another replica has.

    People who have stopped since are left out, and those matched with them wait.
    """
    matches.lock(tx)
    round_id = tx.session.scalar(
        upsert(tx.session, PairRound)
        .values(
            installation_id=tx.workspace.id,
            kind=COFFEE,
            day=draft.round.day,
            formed_at=tx.now,
        )
        .on_conflict_do_nothing()
        .returning(PairRound.id)
    )
    if round_id is None:
        return
    round_ = tx.session.get_one(PairRound, round_id)
    rows = opt_ins.lock_all(tx)
    groups = [
        group for group in formed.groups if all(member in rows for member in group)
    ]
    matched = {member for group in groups for member in group}
    left = {person.id for person in draft.people} & rows.keys() - matched
    round_.people, round_.unmatched = len(matched) + len(left), len(left)
    tx.session.execute(
        update(Program)
        .where(Program.id.in_(draft.program_ids), Program.coffee_began_at.is_(None))
        .values(coffee_began_at=tx.now)
    )
    recurrence = opt_ins.recurrence(tx)
    zones = {person.id: person.zone or _UTC for person in draft.people}
    starts = {
        zone: recurrence.local_time(round_.day, zone) for zone in set(zones.values())
    }
    for member, row in rows.items():
        row.waits_in = round_id if member in left else None
        if member in left:
            row.rounds_left_out += 1
            if row.rounds_left_out == 1:
                at = max(tx.now, starts[zones[member]])
                tx.enqueue(PAIR_LEFT_OUT, round_id, to=member, send_at=at)
        elif member in matched:
            row.rounds_left_out = 0
        elif member in draft.silent:
            row.paused_at = tx.now
            tx.enqueue(PAIR_PAUSED, round_id, to=member)
    tx.session.flush()
    matches.store(tx, round_, groups, draft.people, starts=starts)
    home_refresh.refresh_homes(tx, rows)


def last_round(tx: Transaction) -> PairRound | None:
    return tx.session.scalar(
        select(PairRound)
        .filter_by(installation_id=tx.workspace.id, kind=COFFEE)
        .order_by(PairRound.id.desc())
        .limit(1)
    )


def purge(tx: Transaction) -> None:
    """Delete rounds and refusals of more than a year ago."""
    opt_outs.purge(tx, PairOptIn)
    old = select(PairRound.id).where(
        PairRound.installation_id == tx.workspace.id,
        PairRound.formed_at < tx.now - KEPT_FOR,
    )
    tx.session.execute(
        update(PairOptIn).where(PairOptIn.waits_in.in_(old)).values(waits_in=None)
    )
    tx.session.execute(
        delete(PeerPlace).where(
            PeerPlace.installation_id == tx.workspace.id,
            PeerPlace.subject.startswith(schedule.PLACE),
            PeerPlace.opened_at < tx.now - KEPT_FOR,
        )
    )
    for model in (PairMatchMember, PairMatch):
        tx.session.execute(delete(model).where(model.round_id.in_(old)))
    tx.session.execute(delete(PairRound).where(PairRound.id.in_(old)))
