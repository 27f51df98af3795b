"""Offer a circle with too few people to join with another one; both decide."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from bot.circles import (
    candidates,
    merge_blocks,
    roster,
    rules,
    seasons,
    service,
    signups,
    times,
    wishes,
)
from bot.circles import meeting_store as store
from bot.circles.message_kinds import CIRCLE_MERGE, CIRCLE_NONE, CIRCLE_NOT_MERGED
from bot.circles.vote_rules import Answer
from bot.db.statements import upsert_latest
from bot.errors import UserError
from bot.matching import changes
from bot.matching.circles import STAYS
from bot.runtime import Transaction
from bot.slack.blocks import Note
from bot.workspace.working_time import WorkingTime
from models import Circle, CircleMerge, CircleMergeAnswer, CircleSeason

OVER = "This question is over. Thank you."

_STORE = upsert_latest(CircleMergeAnswer, ("merge_id", "member"), (), presence="is_yes")


def offer(tx: Transaction, season: CircleSeason) -> None:
    """Offer each circle that is too small its best partner, if it has one.

    The caller has locked the season. A circle without a partner goes on as it is.
    """
    settled = [each for each in seasons.circles(tx, season) if _is_settled(tx, each)]
    busy = _busy(tx, season)
    for small in settled:
        if small.id in busy or not _wants_another(tx, small):
            continue
        others = [c for c in settled if c.id not in busy and c.id != small.id]
        partner = _best_partner(tx, season, small, others)
        if partner is None:
            wishes.end(tx, small)
            _continue_alone(tx, season, small)
            continue
        busy |= {small.id, partner.id}
        _ask(tx, season, small, partner)


def _is_settled(tx: Transaction, circle: Circle) -> bool:
    """Return True if all have answered, and there are people in it who meet."""
    own = service.places(tx, circle)
    return (
        circle.frozen_at is None
        and bool(own)
        and all(each.taken_at is not None for each in own)
    )


def _wants_another(tx: Transaction, circle: Circle) -> bool:
    """Return True if the circle is too small, or decided to join another one."""
    is_small = len(service.people_in(tx, circle)) < STAYS
    return is_small or wishes.wants(tx, circle, Answer.JOIN)


def is_asked(tx: Transaction, circle: Circle) -> bool:
    """Return True while the circle decides about a merge."""
    return circle.id in _busy(tx, tx.session.get_one(CircleSeason, circle.season_id))


def can_join(tx: Transaction, circle: Circle) -> bool:
    """Return True if there is another circle that this one could join."""
    season = service.season_of(tx, circle)
    if season.places is not None:
        return False
    busy = {circle.id, *_busy(tx, season)}
    others = [
        each
        for each in seasons.circles(tx, season)
        if each.id not in busy and _is_settled(tx, each)
    ]
    return _best_partner(tx, season, circle, others) is not None


def _busy(tx: Transaction, season: CircleSeason) -> set[int]:
    """Return the ids of the circles that decide at the moment."""
    rows = tx.session.scalars(
        select(CircleMerge).filter_by(season_id=season.id, is_accepted=None)
    )
    return {each for row in rows for each in (row.small_id, row.partner_id)}


def _best_partner(
    tx: Transaction, season: CircleSeason, small: Circle, others: Sequence[Circle]
) -> Circle | None:
    refusing = set(
        tx.session.scalars(
            select(CircleMerge.partner_id).filter_by(
                small_id=small.id, is_accepted=False
            )
        )
    )
    circles = [small, *(each for each in others if each.id not in refusing)]
    unsuited: set[int] = set()
    while merge := find(tx, season, circles, unsuited):
        partner = circles[merge.partner]
        if _can_come(tx, season, small, partner, merge):
            return partner
        unsuited.add(merge.partner)
    return None


def _can_come(
    tx: Transaction,
    season: CircleSeason,
    small: Circle,
    partner: Circle,
    plan: changes.Merge,
) -> bool:
    """Return True if those who would move can come when the other circle meets."""
    own = [service.people_in(tx, circle) for circle in (small, partner)]
    is_one = len(plan.circles) == 1
    movers, stays = (own[0], partner) if is_one else (movers_of(plan, own), small)
    dates = service.dates_ahead(tx, stays) or service.dates(tx, stays)[:1]
    if not dates:
        return True
    people = candidates.load(tx, season, signups.of(tx, season, movers))
    return all(rules.can_meet(person, dates, season.minutes) for person in people)


def find(
    tx: Transaction,
    season: CircleSeason,
    circles: Sequence[Circle],
    declined: Collection[int] = (),
) -> changes.Merge | None:
    """Return the best merge of the first of these circles with another one."""
    people = [service.people_in(tx, circle) for circle in circles]
    ids = {each for circle in people for each in circle}
    known = candidates.load(tx, season, signups.of(tx, season, ids))
    there = {person.id for person in known}
    present = [[each for each in circle if each in there] for circle in people]
    if not present[0]:
        return None
    return changes.merge(known, present, 0, tx.now, declined)


def _ask(tx: Transaction, season: CircleSeason, small: Circle, partner: Circle) -> None:
    working_time = WorkingTime(service.zone_of(small))
    merge = CircleMerge(
        season_id=season.id,
        small_id=small.id,
        partner_id=partner.id,
        answer_until=working_time.add(tx.now, rules.WORKING_HOURS_TO_TAKE),
    )
    tx.session.add(merge)
    tx.session.flush()
    for circle in (small, partner):
        for member in sorted(service.people_in(tx, circle)):
            tx.enqueue(CIRCLE_MERGE, merge.id, to=member)


def _continue_alone(tx: Transaction, season: CircleSeason, circle: Circle) -> None:
    """Let a circle without a partner go on; one person alone waits for a place."""
    people = service.people_in(tx, circle)
    if len(people) == 1:
        circle.ended_at = tx.now
        service.places(tx, circle)[0].left_at = tx.now
        tx.session.flush()
        signups.renew(tx, season, people[0])
        tx.enqueue(CIRCLE_NONE, season.id, to=people[0], occurrence="alone")
        return
    roster.introduce_now(tx, circle)


# Answers


def get(tx: Transaction, merge_id: int) -> CircleMerge:
    """Return an offer of the workspace. Raises UserError if there is none."""
    merge = tx.session.scalar(
        select(CircleMerge)
        .join(CircleSeason, CircleSeason.id == CircleMerge.season_id)
        .where(
            CircleMerge.id == merge_id,
            CircleSeason.installation_id == tx.workspace.id,
        )
    )
    if merge is None:
        raise UserError(service.GONE)
    return merge


def circles_of(tx: Transaction, merge: CircleMerge) -> tuple[Circle, Circle]:
    return service.get(tx, merge.small_id), service.get(tx, merge.partner_id)


def answer(
    tx: Transaction, merge: CircleMerge, *, by: str, is_yes: bool, event_micros: int
) -> Note:
    """Store an answer, and merge if both circles want it. Raises UserError.

    The caller has locked the season.
    """
    small, partner = circles_of(tx, merge)
    if not (service.is_in(tx, small, by) or service.is_in(tx, partner, by)):
        raise UserError(service.GONE)
    tx.session.refresh(merge)
    if merge.is_accepted is not None:
        raise UserError(OVER)
    tx.session.execute(
        _STORE(tx.session).values(
            merge_id=merge.id, member=by, is_yes=is_yes, event_micros=event_micros
        )
    )
    decide(tx, merge)
    return merge_blocks.merge_answered(is_yes=is_yes)


def decide(tx: Transaction, merge: CircleMerge) -> None:
    """Merge, or look for another partner, if the answers decide it by now."""
    season = tx.session.get_one(CircleSeason, merge.season_id)
    small, partner = circles_of(tx, merge)
    plan = find(tx, season, [small, partner])
    own = [service.people_in(tx, circle) for circle in (small, partner)]
    # After a break in their season, each circle has a last day of its own.
    has_stopped = any(each.frozen_at or each.ended_at for each in (small, partner))
    if plan is None or has_stopped or not _wants_another(tx, small):
        decision: bool | None = False
    else:
        decision = rules.merge_decision(own, movers_of(plan, own), _answers(tx, merge))
    if decision and any(store.is_meeting(tx, each.id) for each in (small, partner)):
        # They merge after their meeting.
        merge.answer_until = min(merge.answer_until, tx.now)
        return
    if decision is None and merge.answer_until <= tx.now:
        decision = False
    if decision is None:
        return
    merge.is_accepted = decision
    tx.session.flush()
    if decision and plan is not None:
        wishes.end(tx, small)
        _apply(tx, season, merge, plan)
    offer(tx, season)
    if not decision:
        _tell_not_merged(tx, season, merge)


def _tell_not_merged(tx: Transaction, season: CircleSeason, merge: CircleMerge) -> None:
    """Tell the two circles, but not one that is asked about another one now."""
    busy = _busy(tx, season)
    for circle in circles_of(tx, merge):
        if circle.id in busy or circle.ended_at is not None:
            continue
        for member in sorted(service.people_in(tx, circle)):
            tx.enqueue(CIRCLE_NOT_MERGED, merge.id, to=member)


def _answers(tx: Transaction, merge: CircleMerge) -> Mapping[str, bool]:
    rows = tx.session.execute(
        select(CircleMergeAnswer.member, CircleMergeAnswer.is_yes).filter_by(
            merge_id=merge.id
        )
    )
    return {row.member: row.is_yes for row in rows}


def movers_of(plan: changes.Merge, own: Sequence[Sequence[str]]) -> set[str]:
    """Return those who would move from the partner to the small circle."""
    return set(plan.circles[0]) & set(own[1]) if len(plan.circles) > 1 else set()


def _apply(
    tx: Transaction, season: CircleSeason, merge: CircleMerge, plan: changes.Merge
) -> None:
    """Move the people, and introduce each circle anew."""
    small, partner = circles_of(tx, merge)
    own = [service.people_in(tx, circle) for circle in (small, partner)]
    if len(plan.circles) == 1:
        for member in own[0]:
            _move(tx, season, member, small, partner)
        small.ended_at = tx.now
    else:
        for member in sorted(movers_of(plan, own)):
            _move(tx, season, member, partner, small)
    for circle in (small, partner):
        if circle.ended_at is not None:
            continue
        roster.renew_zone(tx, circle)
        roster.tell_merged(tx, circle)
        roster.refresh(tx, circle)
        roster.introduce_now(tx, circle, occurrence=f"merge:{merge.id}")
        for member in service.people_in(tx, circle):
            times.send_calendar(tx, circle, member)


def _move(
    tx: Transaction, season: CircleSeason, member: str, before: Circle, after: Circle
) -> None:
    for place in service.places(tx, before):
        if place.member == member:
            place.left_at = tx.now
    tx.session.flush()
    place = roster.add(tx, season, after, member)
    place.invited_at = place.taken_at = tx.now
    tx.session.flush()


# The job and the message


def due(tx: Transaction) -> list[int]:
    """Return the ids of the seasons in which the time for an answer is over.

    Circles that meet at the moment decide after it.
    """
    return list(
        tx.session.scalars(
            select(CircleMerge.season_id)
            .join(CircleSeason, CircleSeason.id == CircleMerge.season_id)
            .where(
                CircleSeason.installation_id == tx.workspace.id,
                CircleSeason.ended_at.is_(None),
                CircleMerge.is_accepted.is_(None),
                CircleMerge.answer_until <= tx.now,
                ~store.meets_now(CircleMerge.small_id, CircleMerge.partner_id),
            )
            .distinct()
            .order_by(CircleMerge.season_id)
        )
    )


def decide_open(tx: Transaction, season: CircleSeason) -> None:
    """Decide the offers of a locked season that can be decided by now."""
    rows = tx.session.scalars(
        select(CircleMerge)
        .filter_by(season_id=season.id, is_accepted=None)
        .order_by(CircleMerge.id)
    ).all()
    for merge in rows:
        decide(tx, merge)
