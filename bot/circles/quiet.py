"""Circles that meet no more: ask them, let them have a break, and bring them back.

1. Two working days after a meeting, the job looks at the last two. If half of the
   people or more missed both, all are asked how they go on.
2. Their answers decide (bot/circles/vote_rules.py), or the end of three working days.
3. A circle that has a break is frozen: nothing is sent to it. Any of its members brings
   it back within twelve weeks; otherwise it ends.
"""

from collections.abc import Sequence

from sqlalchemy import Select, func, select

from bot.circles import (
    endings,
    free_places,
    meeting_plans,
    merging,
    newcomers,
    outcomes,
    roster,
    seasons,
    service,
    times,
    vote_rules,
    votes,
)
from bot.circles import meeting_store as store
from bot.circles.message_kinds import CIRCLE_THAWED, CIRCLE_VOTED
from bot.circles.vote_rules import Answer, Kind
from bot.clock import datetime_to_micros
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.runtime import Transaction
from models import Circle, CircleMeeting, CircleVote

NO_MEETINGS = "Your circle has no meeting ahead, so it needs no break."
IS_FROZEN = "Your circle has a break."


def due(tx: Transaction) -> Sequence[int]:
    """Return the ids of the circles to look at now."""
    query = due_in(tx.workspace.id, tx.now)
    return tx.session.scalars(query.order_by(Circle.id)).all()


def due_in(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of the circles to look at now."""
    return select(Circle.id).where(
        Circle.installation_id == installation_id,
        Circle.ended_at.is_(None),
        Circle.check_at <= now,
    )


def check(tx: Transaction, circle_id: int) -> None:
    """Ask a circle that went quiet, if another replica has not done it."""
    circle = service.lock(tx, circle_id)
    if circle.check_at is None or circle.check_at > tx.now:
        return
    circle.check_at = None
    if not _can_decide(tx, circle) or not is_quiet(tx, circle):
        return
    if votes.open_vote(tx, circle, Kind.BREAK) is None:
        votes.ask(tx, circle, Kind.QUIET)


def _can_decide(tx: Transaction, circle: Circle) -> bool:
    """Return True if the circle goes on, meets again, and decides no merge."""
    return (
        circle.frozen_at is None
        and not store.is_over(tx, circle)
        and store.ahead(tx, circle.id) is not None
        and not merging.is_asked(tx, circle)
    )


def is_quiet(tx: Transaction, circle: Circle) -> bool:
    """Return True if half of a circle or more missed each of its last two meetings.

    People who came later missed none. Meetings before its last decision count no more.
    """
    decided_at = tx.session.scalar(
        select(func.max(CircleVote.decided_at)).where(
            CircleVote.circle_id == circle.id, CircleVote.kind != Kind.PLACE.value
        )
    )
    last = tx.session.scalars(
        select(CircleMeeting)
        .where(
            CircleMeeting.circle_id == circle.id, CircleMeeting.ended_at.is_not(None)
        )
        .order_by(CircleMeeting.number.desc())
        .limit(vote_rules.MISSED_MEETINGS)
    ).all()
    return len(last) == vote_rules.MISSED_MEETINGS and all(
        (decided_at is None or (meeting.ended_at or tx.now) > decided_at)
        and vote_rules.is_missed(
            outcomes.people_at(tx, meeting), outcomes.people_who_met(tx, meeting)
        )
        for meeting in last
    )


def propose_break(
    tx: Transaction, circle: Circle, *, by: str, event_micros: int
) -> CircleVote:
    """Ask a locked circle whether it has a break; the member says yes.

    Raises UserError.
    """
    service.require_in(tx, circle, by)
    if circle.frozen_at is not None:
        raise UserError(IS_FROZEN)
    if circle.introduced_at is None or not _can_decide(tx, circle):
        raise UserError(NO_MEETINGS)
    kind, answer = Kind.BREAK, Answer.YES
    if votes.open_vote(tx, circle, Kind.QUIET) is not None:
        kind, answer = Kind.QUIET, Answer.BREAK
    vote = votes.ask(tx, circle, kind)
    votes.store_answer(tx, circle, vote, answer, by=by, event_micros=event_micros)
    return vote


def decide(
    tx: Transaction,
    circle: Circle,
    vote: CircleVote,
    answer: Answer,
    *,
    is_silent: bool,
) -> None:
    """Do what a locked circle decided; without any answer it may have met meanwhile."""
    season = service.season_of(tx, circle)
    if not _can_decide(tx, circle):
        votes.close(tx, vote, None)
        return
    if vote.kind == Kind.QUIET and is_silent and not is_quiet(tx, circle):
        answer = Answer.CONTINUE
    votes.close(tx, vote, answer)
    match answer:
        case Answer.BREAK:
            freeze(tx, circle)
        case Answer.YES:
            freeze(tx, circle)
        case Answer.END:
            newcomers.refuse_all(tx, circle)
            endings.end_circle(tx, season, circle)
            return
        case Answer.JOIN:
            merging.offer(tx, season)
            if merging.is_asked(tx, circle):
                return
        case _:
            pass
    if not is_silent:
        tell(tx, circle, vote)


def tell(tx: Transaction, circle: Circle, vote: CircleVote) -> None:
    """Tell those in a circle what they decided."""
    for member in sorted(service.people_in(tx, circle)):
        tx.enqueue(CIRCLE_VOTED, vote.id, to=member)


def freeze(tx: Transaction, circle: Circle) -> None:
    """Let a locked circle have a break: nothing is sent to it."""
    circle.frozen_at = tx.now
    circle.check_at = None
    newcomers.refuse_all(tx, circle)
    meeting = store.ahead(tx, circle.id)
    if meeting is not None:
        meeting.due_at = None
    day = (tx.now + vote_rules.MAX_BREAK).date()
    seasons.set_last_day(tx, service.season_of(tx, circle), circle, day)
    roster.refresh(tx, circle)


def thaw(tx: Transaction, circle: Circle, *, by: str) -> None:
    """Bring a locked circle back; a repeat changes nothing. Raises UserError."""
    service.require_in(tx, circle, by)
    if circle.frozen_at is None:
        return
    circle.frozen_at = None
    meeting_plans.resume(tx, circle)
    circle.calendar_version += 1
    season = service.season_of(tx, circle)
    day = meeting_plans.last_day(tx, circle)
    if day is not None:
        seasons.set_last_day(tx, season, circle, day)
    tx.session.flush()
    # It may have a break more than once.
    occurrence = str(datetime_to_micros(tx.now))
    for member in sorted(service.people_in(tx, circle)):
        tx.enqueue(CIRCLE_THAWED, circle.id, to=member, occurrence=occurrence)
        times.send_calendar(tx, circle, member)
    roster.refresh(tx, circle)
    free_places.settle_changes(tx, season, circle)
