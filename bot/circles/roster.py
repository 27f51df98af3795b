"""The people of a circle: add them, introduce them, and find the reasons for them."""

from sqlalchemy import select

from bot.circles import candidates, reasons, rules, service, signups
from bot.circles.message_kinds import CIRCLE_WELCOME
from bot.outbox import home_refresh
from bot.runtime import Transaction
from models import Circle, CircleMember, CircleSeason


def renew_reasons(tx: Transaction, season: CircleSeason, circle: Circle) -> None:
    """Find the reasons for the people who are in a circle now."""
    here = {each.member for each in service.places(tx, circle)}
    rows = signups.of(tx, season, here)
    people = candidates.load(tx, season, rows)
    circle.reasons = reasons.as_rows(reasons.find(people))
    circle.zone = rules.common_zone(person.zone for person in people).key


def add(
    tx: Transaction, season: CircleSeason, circle: Circle, member: str
) -> CircleMember:
    """Add a person to a circle, as the last of its rota.

    A place that they had there before begins anew.
    """
    taken_positions = tx.session.scalars(
        select(CircleMember.position).filter_by(circle_id=circle.id)
    ).all()
    place = tx.session.get(CircleMember, (circle.id, member))
    if place is None:
        place = CircleMember(circle_id=circle.id, member=member, season_id=season.id)
        tx.session.add(place)
    place.position = max(taken_positions, default=-1) + 1
    place.invited_at = place.take_until = place.taken_at = None
    place.agreed_at = place.left_at = None
    tx.session.flush()
    return place


def introduce(tx: Transaction, circle: Circle) -> None:
    """Send the first note to those in a circle, once each, if it is complete."""
    if not service.is_complete(tx, circle):
        return
    for member in sorted(service.people_in(tx, circle)):
        tx.enqueue(CIRCLE_WELCOME, circle.id, to=member)


def refresh(tx: Transaction, circle: Circle) -> None:
    """Show a change of a circle on the Home tabs of those who have a place in it."""
    people = [each.member for each in service.places(tx, circle)]
    home_refresh.refresh_homes(tx, people)


def waiting(tx: Transaction, season: CircleSeason) -> list[str]:
    """Return those who signed up and had no place in the season, the first first."""
    had_one = set(
        tx.session.scalars(select(CircleMember.member).filter_by(season_id=season.id))
    )
    return [
        row.member for row in signups.people(tx, season) if row.member not in had_one
    ]
