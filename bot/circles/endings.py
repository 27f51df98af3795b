"""The end of seasons and circles: the last questions, and a way to go on together."""

from collections.abc import Sequence
from datetime import date

from slack_sdk.models.views import View
from sqlalchemy import select

from bot.circles import meeting_plans, roster, seasons, service, starting
from bot.circles.message_kinds import CIRCLE_ENDED, CIRCLE_INVITATION
from bot.errors import UserError
from bot.programs import membership
from bot.runtime import Transaction
from models import Circle, CircleMember, CircleSeason

# The payload of an invitation from a circle that has ended.
AGAIN = {"is_again": True}


def end(tx: Transaction, season: CircleSeason) -> None:
    """End a season and its circles, and ask their people the last questions.

    The caller has locked its row.
    """
    if season.ended_at is not None:
        return
    for circle in seasons.circles(tx, season):
        _ask_last(tx, circle)
    seasons.end(tx, season)


def end_circle(tx: Transaction, season: CircleSeason, circle: Circle) -> None:
    """End a circle, as the end of its season does; a member's own season ends, too.

    The caller has locked the season.
    """
    if season.places is not None:
        end(tx, season)
        return
    if circle.ended_at is not None:
        return
    _ask_last(tx, circle)
    circle.ended_at = tx.now
    tx.session.flush()
    roster.refresh(tx, circle)
    roster.release(tx, circle)


def _ask_last(tx: Transaction, circle: Circle) -> None:
    """Ask the last questions; circles that never began are told nothing."""
    if circle.introduced_at is None:
        return
    for member in sorted(service.people_in(tx, circle)):
        tx.enqueue(CIRCLE_ENDED, circle.id, to=member)


def due(tx: Transaction) -> list[int]:
    """Return the ids of seasons that `settle` changes now."""
    today = tx.now.date()
    past = select(Circle.season_id).where(
        Circle.installation_id == tx.workspace.id,
        Circle.ended_at.is_(None),
        Circle.ends_on <= today,
    )
    ending = tx.session.scalars(
        select(CircleSeason)
        .where(
            CircleSeason.installation_id == tx.workspace.id,
            CircleSeason.ended_at.is_(None),
            (CircleSeason.ends_on <= today) | CircleSeason.id.in_(past),
        )
        .order_by(CircleSeason.id)
    ).all()
    return [
        season.id
        for season in ending
        if season.ends_on < today or _over(tx, season) or _later_days(tx, season)
    ]


def settle(tx: Transaction, season_id: int) -> None:
    """End what is over of a season, if another replica has not done it."""
    season = seasons.lock(tx, season_id)
    for circle, day in _later_days(tx, season):
        seasons.set_last_day(tx, season, circle, day)
    if season.ends_on < tx.now.date():
        end(tx, season)
        return
    for circle in _over(tx, season):
        end_circle(tx, season, circle)


def _later_days(tx: Transaction, season: CircleSeason) -> list[tuple[Circle, date]]:
    """Return the circles that go on after their last day, with the new one.

    They still have meetings ahead on that day: the circle began late, one of them
    moved, or a holiday came (`meeting_plans.last_day`).
    """
    today = tx.now.date()
    later = []
    for circle in seasons.circles(tx, season):
        stored = circle.ends_on or season.ends_on
        if stored > today or circle.frozen_at is not None:
            continue
        day = meeting_plans.last_day(tx, circle)
        if day is not None and day > stored:
            later.append((circle, day))
    return later


def _over(tx: Transaction, season: CircleSeason) -> list[Circle]:
    """Return the circles whose own last day is over."""
    today = tx.now.date()
    return [
        circle
        for circle in seasons.circles(tx, season)
        if circle.ends_on is not None and circle.ends_on < today
    ]


# Go on together


def require_was_in(tx: Transaction, circle_id: int, by: str) -> Circle:
    """Return a circle in which the member was until its end. Raises UserError."""
    circle = service.get(tx, circle_id)
    if circle.ended_at is None or by not in _people(tx, circle):
        raise UserError(service.GONE)
    return circle


def _people(tx: Transaction, circle: Circle) -> Sequence[str]:
    return tx.session.scalars(
        select(CircleMember.member)
        .where(
            CircleMember.circle_id == circle.id,
            CircleMember.taken_at.is_not(None),
            CircleMember.left_at.is_(None),
        )
        .order_by(CircleMember.member)
    ).all()


def open_form(tx: Transaction, circle_id: int, *, by: str) -> View:
    """Return the form to start a circle with the same people. Raises UserError."""
    circle = require_was_in(tx, circle_id, by)
    theme = service.season_of(tx, circle).theme
    return starting.open_form(tx, by=by, theme=theme, origin=("circle", circle.id))


def invite(tx: Transaction, circle: Circle, earlier: Circle, *, by: str) -> None:
    """Invite the others of an earlier circle who are in the program, each privately."""
    for member in _people(tx, earlier):
        if member != by and membership.is_joined(tx, circle.program_id, member):
            tx.enqueue(CIRCLE_INVITATION, circle.id, to=member, payload=AGAIN)
