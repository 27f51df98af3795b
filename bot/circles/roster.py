"""The people of a circle: add them, introduce them, and find their zone."""

from collections.abc import Collection

from sqlalchemy import select, update

from bot import timezones
from bot.circles import announcement_edits, conversation, rules, service, signups
from bot.circles.message_kinds import (
    CIRCLE_JOINED,
    CIRCLE_LEFT,
    CIRCLE_TIME,
    CIRCLE_WELCOME,
)
from bot.clock import datetime_to_micros
from bot.outbox import home_refresh
from bot.runtime import Transaction
from bot.workspace import members
from models import Circle, CircleMember, CircleSeason


def renew_zone(tx: Transaction, circle: Circle) -> None:
    """Set the zone of most people in a circle, before its first note and its time."""
    # The meetings keep their clock.
    if circle.introduced_at is not None or circle.starts_at is not None:
        return
    here = [members.find(tx, each.member) for each in service.places(tx, circle)]
    zones = [timezones.get(person.tz) for person in here if person is not None]
    circle.zone = rules.common_zone(zones).key


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


def release(tx: Transaction, circle: Circle) -> None:
    """Let the people of a circle that ended before its season get another place in it.

    They keep their places in the circle. The caller has locked the season.
    """
    tx.session.execute(
        update(CircleMember)
        .where(CircleMember.circle_id == circle.id, CircleMember.left_at.is_(None))
        .values(season_id=None)
    )


def remove_withdrawn(tx: Transaction, season: CircleSeason) -> None:
    """Take those out of the preview who left the program or took their sign-up back.

    The caller has locked the season.
    """
    signed_up = {row.member for row in signups.people(tx, season)}
    proposals = tx.session.scalars(
        select(CircleMember).filter_by(season_id=season.id, invited_at=None)
    ).all()
    gone = [place for place in proposals if place.member not in signed_up]
    for place in gone:
        tx.session.delete(place)
    tx.session.flush()
    for circle_id in sorted({place.circle_id for place in gone}):
        renew_zone(tx, service.get(tx, circle_id))


def introduce(tx: Transaction, circle: Circle) -> None:
    """Introduce the people of a circle when all have answered, and newcomers since."""
    if circle.introduced_at is not None or service.is_complete(tx, circle):
        introduce_now(tx, circle)


def introduce_now(tx: Transaction, circle: Circle, *, occurrence: str = "") -> None:
    """Send the first note to those in a circle, once each.

    The first time, their place is opened, where the bot greets all of them. Two working
    days later they read that anyone may choose the time, if it is missing.
    """
    is_first = circle.introduced_at is None
    circle.introduced_at = circle.introduced_at or tx.now
    if circle.starts_at is None and not circle.is_in_writing:
        at = service.anyone_chooses_at(circle)
        for member in service.people_in(tx, circle):
            tx.enqueue(CIRCLE_TIME, circle.id, to=member, send_at=at)
    if is_first:
        conversation.open_for(tx, circle)
    elif not conversation.is_opening(tx, circle.id):
        welcome_each(tx, circle, occurrence=occurrence)


def welcome_each(
    tx: Transaction,
    circle: Circle,
    *,
    occurrence: str = "",
    without: Collection[str] = (),
) -> None:
    """Send the first note to those who don't read the greeting, once each."""
    people = {*conversation.recipients(tx, circle.id)} - {*without}
    welcome(tx, circle, people, occurrence=occurrence)


def welcome(
    tx: Transaction, circle: Circle, people: Collection[str], *, occurrence: str = ""
) -> None:
    for place in service.places(tx, circle):
        if place.member in people and place.taken_at is not None:
            # Someone who comes back, at another position, is introduced again.
            key = occurrence or str(place.position)
            tx.enqueue(CIRCLE_WELCOME, circle.id, to=place.member, occurrence=key)


def tell_joined(tx: Transaction, circle: Circle, member: str) -> None:
    """Tell those in a circle who know of each other that someone joins them."""
    is_started = service.season_of(tx, circle).places is not None
    if circle.introduced_at is None and not is_started:
        return
    conversation.send(
        tx,
        CIRCLE_JOINED,
        circle.id,
        circle.id,
        payload={"member": member},
        occurrence=f"{member}:{datetime_to_micros(tx.now)}",
    )


def tell_merged(tx: Transaction, circle: Circle) -> None:
    """Tell a circle in its channel who joins and leaves it, before these come and go.

    A new group is greeted instead.
    """
    place = conversation.place_of(tx, circle.id)
    channel = conversation.channel_of(tx, circle.id)
    if place is None or channel is None or not place.name:
        return
    before, now = {*place.people}, {*service.people_in(tx, circle)}
    changes = [
        *((CIRCLE_JOINED, member) for member in sorted(now - before)),
        *((CIRCLE_LEFT, member) for member in sorted(before - now)),
    ]
    for kind, member in changes:
        tx.enqueue(
            kind,
            circle.id,
            to=channel,
            payload={"member": member},
            occurrence=f"{member}:{datetime_to_micros(tx.now)}",
        )


def refresh(tx: Transaction, circle: Circle) -> None:
    """Show a change of a circle on the Home tabs of those who have a place in it.

    Its conversation follows.
    """
    conversation.follow(tx, circle)
    announcement_edits.on_people_changed(tx, circle)
    people = [each.member for each in service.places(tx, circle)]
    home_refresh.refresh_homes(tx, people)


def waiting(tx: Transaction, season: CircleSeason) -> list[str]:
    """Return those who signed up and have no place in the season, the first first.

    Someone whose place ended waits if they signed up since.
    """
    ends = signups.place_ends(tx, season.id)
    rows = signups.people(tx, season)
    return [row.member for row in rows if signups.is_waiting(row, ends)]
