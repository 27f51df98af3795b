"""Free places in circles: offered to those who wait, and what else a change brings."""

from itertools import chain

from bot.circles import (
    candidates,
    merging,
    newcomers,
    roster,
    rules,
    seasons,
    service,
    signups,
    started,
    votes,
)
from bot.circles.message_kinds import CIRCLE_PLACE
from bot.matching import changes
from bot.matching.people import Person
from bot.outbox import home_refresh
from bot.runtime import Transaction
from bot.workspace import members
from bot.workspace.working_time import WorkingTime
from models import Circle, CircleMember, CircleSeason


def offer(tx: Transaction, circle: Circle, place: CircleMember) -> None:
    """Offer a person their place, and send the invitation."""
    zone = members.zone(tx, place.member)
    place.invited_at = tx.now
    # The time to take it begins when they get the message.
    place.take_until = WorkingTime(zone).add(tx.now, rules.WORKING_HOURS_TO_REACH)
    # Someone may be offered a place there again, at another position.
    tx.enqueue(CIRCLE_PLACE, circle.id, to=place.member, occurrence=str(place.position))
    home_refresh.refresh_homes(tx, [place.member])


def settle_changes(tx: Transaction, season: CircleSeason, *changed: Circle) -> None:
    """Pass on free places, introduce people, and ask circles that are too small.

    In a circle that a member started people take the free places themselves.
    """
    if season.places is not None:
        started.settle(tx, season)
        return
    pass_on(tx, season)
    for circle in changed:
        if circle.ended_at is None:
            roster.introduce(tx, circle)
    merging.offer(tx, season)
    # Someone whose circle has ended may get another place.
    pass_on(tx, season)


def pass_on(tx: Transaction, season: CircleSeason) -> None:
    """Offer free places to those who wait, the first first; nobody else moves.

    The caller has locked the season. A circle that has chosen its time takes only
    people who can come then; if it has begun, those in it decide about them.
    """
    people = roster.waiting(tx, season)
    circles = [
        circle
        for circle in (seasons.circles(tx, season) if people else [])
        if newcomers.takes_people(tx, circle)
    ]
    if not circles:
        return
    present = {
        circle.id: [each.member for each in service.places(tx, circle)]
        for circle in circles
    }
    rows = signups.of(tx, season, {*people, *chain(*present.values())})
    known = {person.id: person for person in candidates.load(tx, season, rows)}
    for member in people:
        suiting = [
            circle
            for circle in circles
            if member not in votes.refused(tx, circle)
            and _can_come(tx, season, circle, known[member])
        ]
        there = [
            [each for each in present[circle.id] if each in known] for circle in suiting
        ]
        concerned = {member, *chain(*there)}
        index = changes.place(
            [known[each] for each in sorted(concerned)], there, member, tx.now
        )
        if index is None:
            continue
        circle = suiting[index]
        present[circle.id].append(member)
        offer(tx, circle, roster.add(tx, season, circle, member))
        roster.renew_zone(tx, circle)
        roster.refresh(tx, circle)


def _can_come(
    tx: Transaction, season: CircleSeason, circle: Circle, person: Person
) -> bool:
    dates = service.dates_ahead(tx, circle) or service.dates(tx, circle)[:1]
    return not dates or rules.can_meet(person, dates, season.minutes)
