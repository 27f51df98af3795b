"""Matches of members: answers, members who can't come, and new matches for others."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select

from bot.clock import datetime_to_micros
from bot.errors import UserError
from bot.matching import pairs as matching
from bot.matching.order import draw
from bot.matching.people import Person
from bot.outbox import home_refresh
from bot.pairs import opt_ins, rules, schedule
from bot.pairs.message_kinds import (
    PAIR_CANCELLED,
    PAIR_INTRODUCTION,
    PAIR_LEFT_OUT,
    PAIR_QUESTION,
    PAIR_UPDATE_GROUP_INTRODUCTION,
    PAIR_UPDATE_INTRODUCTION,
)
from bot.pairs.rules import Answer, Answers, Fit, Outcome, State
from bot.people import exclusions, facts, meetings, opt_outs, places
from bot.runtime import Transaction
from models import DoNotPair, PairMatch, PairMatchMember, PairOptIn, PairRound

GONE = "That match is gone."
OVER = "That round is over, so I tell nobody. Please write to them yourself."
AGAIN = "again"

# At most so many people who have nobody to meet are matched anew at a time.
_MAX_REMATCHED = 40

Group = Collection[str]


def lock(tx: Transaction) -> None:
    """Let one transaction at a time change matches, by the latest round's row.

    Every transaction that changes one takes this lock first.
    """
    tx.session.execute(
        select(PairRound.id)
        .where(PairRound.installation_id == tx.workspace.id)
        .order_by(PairRound.id.desc())
        .limit(1)
        .with_for_update()
    )


def members_of(tx: Transaction, match_id: int) -> dict[str, PairMatchMember]:
    """Return the rows of a match by member, as they are now."""
    rows = tx.session.scalars(
        select(PairMatchMember)
        .filter_by(match_id=match_id)
        .order_by(PairMatchMember.member)
        .execution_options(populate_existing=True)
    )
    return {row.member: row for row in rows}


def get(
    tx: Transaction, match_id: int, member: str
) -> tuple[PairMatch, dict[str, PairMatchMember]]:
    """Return a match of a member, and its rows. Raises UserError."""
    match = tx.session.scalar(
        select(PairMatch).filter_by(id=match_id, installation_id=tx.workspace.id)
    )
    rows = members_of(tx, match.id) if match is not None else {}
    if match is None or member not in rows:
        raise UserError(GONE)
    return match, rows


def answers(row: PairMatchMember) -> Answers:
    return Answers(
        row.answer,
        row.answer_micros,
        row.outcome,
        row.outcome_micros,
        row.fit,
        row.fit_micros,
    )


def state(rows: Mapping[str, PairMatchMember]) -> State:
    return rules.state({member: answers(row) for member, row in rows.items()})


def mates(rows: Mapping[str, PairMatchMember], member: str) -> list[str]:
    """Return the others who have not said that they can't come; all if they met."""
    others = [other for other in rows if other != member]
    coming = [other for other in others if rows[other].answer != Answer.CANT]
    return coming or (others if state(rows) is State.MET else [])


def press(
    tx: Transaction,
    match_id: int,
    by: str,
    choice: Answer | Outcome | Fit,
    *,
    event_micros: int,
) -> None:
    """Store what a member chose, with all that follows. Raises UserError.

    Nobody leaves a match after they have met, or its round is over: the others may be
    meeting someone else by then.
    """
    lock(tx)
    match, rows = get(tx, match_id, by)
    before, own = state(rows), answers(rows[by])
    is_leaving = choice is Answer.CANT and before is not State.MET
    if is_leaving and not schedule.is_current(tx, match):
        raise UserError(OVER)
    changed = rules.press(own, choice, event_micros)
    if changed == own:
        return
    _put(rows[by], changed)
    tx.session.flush()
    home_refresh.refresh_homes(tx, rows)
    if is_leaving and own.answer != Answer.CANT:
        _leave(tx, match, rows, by)
    elif choice is Answer.CANT:
        # They came back, and wait for someone else.
        opt_ins.stop_waiting(tx, by, match.round_id)
    if state(rows) is State.MET and before is not State.MET:
        met = [member for member, row in rows.items() if row.answer != Answer.CANT]
        meetings.record(tx, {by, *met}, met_at=tx.now)
    if choice is Outcome.NOT_YET and changed.outcome == Outcome.NOT_YET:
        at = tx.now + rules.ASK_AGAIN_AFTER
        tx.enqueue(PAIR_QUESTION, match.id, to=by, occurrence=AGAIN, send_at=at)
    if isinstance(choice, Fit):
        _put_fit(tx, by, mates(rows, by), changed.fit)


def _put(row: PairMatchMember, own: Answers) -> None:
    row.answer, row.answer_micros = own.answer, own.answer_micros
    row.outcome, row.outcome_micros = own.outcome, own.outcome_micros
    row.fit, row.fit_micros = own.fit, own.fit_micros


def _put_fit(
    tx: Transaction, member: str, others: Sequence[str], fit: str | None
) -> None:
    """Never match a member with people who were no good match, as they said last."""
    if fit == Fit.NO:
        for other in others:
            exclusions.exclude(tx, member, other, source="fit")
        return
    tx.session.execute(
        delete(DoNotPair).where(
            DoNotPair.installation_id == tx.workspace.id,
            DoNotPair.member == member,
            DoNotPair.other.in_(others),
            DoNotPair.source == "fit",
        )
    )


def stop(tx: Transaction, by: str, *, event_micros: int) -> None:
    """Take part no longer, and leave a match that they have not answered."""
    lock(tx)
    if opt_ins.put(tx, by, event_micros=event_micros, is_in=False):
        leave_open(tx, [by])


def leave_open(
    tx: Transaction,
    people: Collection[str],
    *,
    keeps_answered: bool = True,
    is_matched_anew: bool = False,
) -> None:
    """Take people out of their open matches, after `lock`.

    Those who have answered keep theirs: they have a time, or tell each other. If they
    are matched anew, they wait for someone else in the round, as those do who are left.
    """
    waits = select(PairOptIn).where(
        PairOptIn.installation_id == tx.workspace.id, PairOptIn.member.in_(people)
    )
    for row in tx.session.scalars(waits.order_by(PairOptIn.member)):
        row.waits_in = None
    current = tx.session.execute(
        select(PairMatchMember.match_id, PairMatchMember.member)
        .join(PairMatch, PairMatch.id == PairMatchMember.match_id)
        .where(
            *schedule.current(tx),
            PairMatchMember.member.in_(people),
            PairMatchMember.is_current.is_(True),
        )
        .order_by(PairMatchMember.match_id, PairMatchMember.member)
    ).all()
    for match_id, member in current:
        match, rows = get(tx, match_id, member)
        if state(rows) is not State.OPEN:
            continue
        if keeps_answered and rows[member].answer is not None:
            continue
        micros = datetime_to_micros(tx.now)
        _put(rows[member], rules.press(answers(rows[member]), Answer.CANT, micros))
        if is_matched_anew:
            _wait(tx, member, match.round_id)
            at = schedule.start(tx, match, member)
            tx.enqueue(PAIR_LEFT_OUT, match.round_id, to=member, send_at=at)
        tx.session.flush()
        _leave(tx, match, rows, member)


def _leave(
    tx: Transaction, match: PairMatch, rows: Mapping[str, PairMatchMember], leaver: str
) -> None:
    """Tell the others that one can't come; match those anew who meet nobody now."""
    rows[leaver].is_current = False
    others = [row for row in rows.values() if row.is_current]
    left = sum(not row.is_current for row in rows.values())
    is_cancelled = state(rows) is State.CANCELLED
    for row in others:
        tx.enqueue(PAIR_CANCELLED, match.id, to=row.member, occurrence=str(left))
        tx.enqueue_update(PAIR_UPDATE_INTRODUCTION, match.id, to=row.member)
        if is_cancelled:
            row.is_current = False
            _wait(tx, row.member, match.round_id)
    tx.session.flush()
    home_refresh.refresh_homes(tx, rows)
    group = schedule.group_of(tx, match.id)
    if group is not None:
        tx.enqueue_update(PAIR_UPDATE_GROUP_INTRODUCTION, match.id, to=group)
        if not is_cancelled and not schedule.is_introduced(tx, match.id, leaver):
            schedule.introduce_each(tx, match, [row.member for row in others])
    if schedule.is_early(tx, match):
        match_again(tx, tx.session.get_one(PairRound, match.round_id))


def _wait(tx: Transaction, member: str, round_id: int) -> None:
    """Note that the member has nobody to meet in this round."""
    row = opt_ins.find(tx, member)
    if row is not None:
        row.waits_in = round_id
        row.rounds_left_out += 1


def match_again(tx: Transaction, round_: PairRound) -> None:
    """Match those who have nobody to meet in a round with each other, after `lock`."""
    waiting = tx.session.scalars(
        select(PairOptIn)
        .where(*opt_ins.in_conditions(tx), PairOptIn.waits_in == round_.id)
        .order_by(PairOptIn.rounds_left_out.desc(), PairOptIn.member)
        .limit(_MAX_REMATCHED)
    ).all()
    rows = {row.member: row for row in waiting if not opt_outs.is_paused(row)}
    present = [member for member in opt_ins.can_be_matched(tx) if member in rows]
    if len(present) < 2:  # noqa: PLR2004 - nobody to match them with
        return
    people = with_waits(facts.load_people(tx, present), rows)
    seed = f"{round_.id}|{tx.now.isoformat()}"
    formed = matching.form(people, seed=seed, at=tx.now)
    store(tx, round_, formed.groups, people)
    for member in (member for group in formed.groups for member in group):
        rows[member].waits_in = None
        rows[member].rounds_left_out = 0
    tx.session.flush()


def with_waits(people: Iterable[Person], rows: Mapping[str, PairOptIn]) -> list[Person]:
    """Return the people with the rounds in which they were left out."""
    return [
        replace(person, rounds_left_out=rows[person.id].rounds_left_out)
        for person in people
    ]


def store(
    tx: Transaction,
    round_: PairRound,
    groups: Sequence[Group],
    people: Iterable[Person],
    *,
    starts: Mapping[ZoneInfo, datetime] | None = None,
) -> None:
    """Store matches, and enqueue the introductions to their members.

    `starts` has the time of the introduction by zone; without it, it is now.
    """
    if not groups:
        return
    zones = {person.id: person.zone or ZoneInfo("UTC") for person in people}
    turns = _last_first_turns(tx, round_)
    values = [
        {
            "installation_id": tx.workspace.id,
            "round_id": round_.id,
            "formed_at": tx.now,
            "first_writer": min(
                group,
                key=lambda member: (
                    turns.get(member, 0),
                    draw(str(round_.id), member),
                ),
            ),
        }
        for group in groups
    ]
    match_ids = tx.session.scalars(
        insert(PairMatch).returning(PairMatch.id, sort_by_parameter_order=True), values
    ).all()
    tx.session.execute(
        insert(PairMatchMember),
        [
            {"match_id": match_id, "member": member, "round_id": round_.id}
            for match_id, group in zip(match_ids, groups, strict=True)
            for member in group
        ],
    )
    home_refresh.refresh_homes(tx, zones)
    if places.has_groups(tx):
        for match_id, group in zip(match_ids, groups, strict=True):
            places.open_place(tx, f"{schedule.PLACE}{match_id}", group)
        return
    by_time: dict[datetime, list[tuple[int, str]]] = {}
    for match_id, group in zip(match_ids, groups, strict=True):
        for member in group:
            zone = zones[member]
            start = max(tx.now, starts[zone]) if starts else tx.now
            by_time.setdefault(start, []).append((match_id, member))
    for start, targets in by_time.items():
        tx.enqueue_many(PAIR_INTRODUCTION, targets, send_at=start)


def _last_first_turns(tx: Transaction, round_: PairRound) -> Mapping[str, int]:
    """Return the last round in which each member was asked to write first."""
    rows = tx.session.execute(
        select(PairMatch.first_writer, func.max(PairMatch.round_id))
        .where(
            PairMatch.installation_id == tx.workspace.id,
            PairMatch.formed_at > tx.now - timedelta(days=180),
            PairMatch.round_id < round_.id,
        )
        .group_by(PairMatch.first_writer)
    )
    return dict(rows.all())
