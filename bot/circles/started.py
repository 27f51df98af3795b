"""Circles that a member starts: others take the free places.

Such a circle has a season of its own, with `places`, and nobody forms it. From its
first note on it is a circle like any other.
"""

from datetime import datetime

from slack_sdk.models.views import View
from sqlalchemy import ScalarSelect, func, select

from bot.circles import (
    apart,
    busy,
    forms,
    newcomers,
    roster,
    seasons,
    service,
    signups,
    started_blocks,
    started_forms,
    times,
    votes,
)
from bot.circles import meeting_store as store
from bot.circles.message_kinds import CIRCLE_TOO_FEW
from bot.circles.started_blocks import StartedRow
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.programs import membership
from bot.programs import service as programs
from bot.runtime import Transaction
from bot.workspace import members
from models import Circle, CircleMember, CircleSeason

FULL = "All places of this circle are taken."
# The most circles in a list; those that meet first.
MAX_SHOWN = 10


def add(tx: Transaction, season: CircleSeason, circle: Circle, member: str) -> None:
    """Give a member a place; the caller has locked the season, or made it."""
    place = roster.add(tx, season, circle, member)
    place.invited_at = place.taken_at = tx.now
    tx.session.flush()
    settle(tx, season)
    roster.refresh(tx, circle)


# Places


def circle_of(tx: Transaction, season: CircleSeason) -> Circle:
    return tx.session.scalars(select(Circle).filter_by(season_id=season.id)).one()


def form(tx: Transaction, season: CircleSeason, *, by: str) -> View:
    """Return the form to take a place. Raises UserError, and MembershipUnknown."""
    circle = _require_free(tx, season, by)
    known = signups.find(tx, season.id, by)
    return started_forms.place_form(
        _row(tx, season, circle, by),
        members.zone(tx, by),
        brings=known.brings if known else "",
        has_other_meeting=busy.is_busy(
            tx, season, by, service.dates_ahead(tx, circle), season.minutes
        ),
    )


def take_place(
    tx: Transaction, season: CircleSeason, values: FormValues, *, by: str
) -> View:
    """Take a free place; the caller has locked the season.

    Raises UserError, with the field, and MembershipUnknown.
    """
    members.lock(tx, by)
    circle = _require_free(tx, season, by)
    signups.record(tx, season, by, brings=forms.read_brings(values))
    if store.has_begun(tx, circle):
        newcomers.request_place(tx, season, circle, by)
        return started_blocks.place_asked()
    roster.tell_joined(tx, circle, by)
    add(tx, season, circle, by)
    return started_blocks.place_taken(
        _row(tx, season, circle, by), members.zone(tx, by)
    )


def _require_free(tx: Transaction, season: CircleSeason, by: str) -> Circle:
    """Return the circle. Raises UserError, or MembershipUnknown, if there is no place.

    Someone who is never to be matched with a person in it reads that it is gone.
    """
    seasons.require_may_sign_up(tx, season, by)
    circle = circle_of(tx, season)
    obstacle = _obstacle(tx, season, circle, by)
    if obstacle is not None:
        raise UserError(obstacle)
    return circle


def _obstacle(
    tx: Transaction, season: CircleSeason, circle: Circle, by: str
) -> str | None:
    """Return a text for a member who is in the program, but can't take a place."""
    there = [each.member for each in service.places(tx, circle)]
    if by in there:
        return signups.HAS_PLACE
    if (
        not _takes_people(tx, circle)
        or by in votes.refused(tx, circle)
        or apart.avoided(tx, by, there)
    ):
        return service.GONE
    return FULL if len(there) >= (season.places or 0) else None


def offered_row(tx: Transaction, circle: Circle, member: str) -> StartedRow | None:
    """Return the circle as an invited member reads of it; None if they can't join."""
    season = service.season_of(tx, circle)
    row = _row(tx, season, circle, member)
    if (
        not row.starter
        or season.ended_at is not None
        or not service.is_present(tx, circle.program_id, member)
        or _obstacle(tx, season, circle, member) is not None
    ):
        return None
    return row


def _takes_people(tx: Transaction, circle: Circle) -> bool:
    """Return True until the first meeting; then those in it decide about others."""
    if store.has_begun(tx, circle):
        return newcomers.can_ask(tx, circle)
    return store.meets(tx, circle.id) and circle.starts_at is not None


def _row(tx: Transaction, season: CircleSeason, circle: Circle, by: str) -> StartedRow:
    people = service.people_in(tx, circle)
    starter = members.name(tx, season.opened_by) if season.opened_by in people else ""
    places = season.places or 0
    return StartedRow(
        seasons.summary(tx, season, by, is_exact=False),
        starter,
        places,
        max(0, places - len(people)),
        service.next_meeting(tx, circle) or circle.starts_at or tx.now,
        has_begun=store.has_begun(tx, circle),
    )


def rows(tx: Transaction, by: str, *, is_exact: bool = True) -> list[StartedRow]:
    """Return the circles in which a person can take a place, the next meeting first.

    Raises MembershipUnknown if it `is_exact`.
    """
    query = (
        select(CircleSeason, Circle)
        .join(Circle, Circle.season_id == CircleSeason.id)
        .where(
            CircleSeason.installation_id == tx.workspace.id,
            CircleSeason.places.is_not(None),
            CircleSeason.ended_at.is_(None),
            Circle.ended_at.is_(None),
            Circle.frozen_at.is_(None),
            (Circle.starts_at > tx.now) | Circle.introduced_at.is_not(None),
            _taken() < CircleSeason.places,
            Circle.id.not_in(
                select(CircleMember.circle_id).filter_by(member=by, left_at=None)
            ),
        )
        .order_by(Circle.starts_at, Circle.id)
    )
    with_room = tx.session.execute(query).all()
    if not with_room:
        return []
    own = {
        program.id
        for program in programs.visible_programs(tx, by, is_exact=is_exact)
        if membership.is_joined(tx, program.id, by) and programs.is_active(tx, program)
    }
    visible = [row for row in with_room if row.CircleSeason.program_id in own]
    people = {
        row.Circle.id: [each.member for each in service.places(tx, row.Circle)]
        for row in visible
    }
    everyone = sorted({member for there in people.values() for member in there})
    avoided = apart.avoided(tx, by, everyone)
    return [
        _row(tx, row.CircleSeason, row.Circle, by)
        for row in visible
        if not avoided & set(people[row.Circle.id])
        and _takes_people(tx, row.Circle)
        and by not in votes.refused(tx, row.Circle)
    ][:MAX_SHOWN]


def _taken() -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(CircleMember)
        .where(CircleMember.circle_id == Circle.id, CircleMember.left_at.is_(None))
        .correlate(Circle)
        .scalar_subquery()
    )


# Begin, or end


def settle(tx: Transaction, season: CircleSeason) -> None:
    """Introduce the people if they are enough, or end the circle if they are too few.

    The caller has locked the season.
    """
    circle = circle_of(tx, season)
    if circle.ended_at is not None:
        return
    people = service.people_in(tx, circle)
    if not people or _has_too_few(circle, len(people), tx.now):
        for member in people:
            tx.enqueue(CIRCLE_TOO_FEW, circle.id, to=member)
        seasons.end(tx, season)
        return
    roster.introduce(tx, circle)
    if circle.introduced_at is not None:
        for member in people:
            times.send_calendar(tx, circle, member)


def _has_too_few(circle: Circle, count: int, now: datetime) -> bool:
    if circle.introduced_at is not None:
        return count < 2  # noqa: PLR2004 - nobody meets alone
    return circle.starts_at is not None and circle.starts_at <= now


def due(tx: Transaction) -> set[int]:
    """Return the ids of seasons whose circle does not begin: too few took a place."""
    return set(
        tx.session.scalars(
            select(CircleSeason.id)
            .join(Circle, Circle.season_id == CircleSeason.id)
            .where(
                CircleSeason.installation_id == tx.workspace.id,
                CircleSeason.places.is_not(None),
                CircleSeason.ended_at.is_(None),
                Circle.ended_at.is_(None),
                Circle.introduced_at.is_(None),
                Circle.starts_at <= tx.now,
            )
        )
    )
