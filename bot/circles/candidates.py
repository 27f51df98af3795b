"""People who signed up, with all that matching knows about them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import select

from bot.circles import busy, rules
from bot.matching.people import Person, Way
from bot.people import facts
from bot.runtime import Transaction
from models import Circle, CircleMember, CircleSeason, CircleSignup


def load(
    tx: Transaction, season: CircleSeason, signups: Sequence[CircleSignup]
) -> list[Person]:
    """Return the people of these sign-ups, as they want to meet in this season."""
    by_member = {signup.member: signup for signup in signups}
    left_out = _left_out(tx, season, by_member)
    meetings = {} if season.is_in_writing else busy.load(tx, season, by_member)
    return [
        replace(
            _as_signed_up(person, by_member[person.id], season),
            busy=meetings.get(person.id, ()),
            rounds_left_out=int(person.id in left_out),
        )
        for person in facts.load_people(tx, by_member, for_circles=True)
    ]


def _as_signed_up(person: Person, signup: CircleSignup, season: CircleSeason) -> Person:
    hours = person.hours
    if hours is not None:
        hours = replace(hours, never=rules.never_hours(signup.never))
    return replace(
        person,
        # On calls they need a common hour, whatever else they would like.
        way=Way.WRITING if season.is_in_writing else Way.CALLS,
        # They read the season's language before they signed up.
        languages=frozenset() if season.language else person.languages,
        hours=hours,
    )


def _left_out(tx: Transaction, season: CircleSeason, people: Iterable[str]) -> set[str]:
    """Return those for whom there was no place in the program's season before."""
    previous = tx.session.scalar(
        select(CircleSeason.id)
        .where(
            CircleSeason.program_id == season.program_id,
            CircleSeason.id < season.id,
            CircleSeason.places.is_(None),
            CircleSeason.invited_at.is_not(None),
        )
        .order_by(CircleSeason.id.desc())
        .limit(1)
    )
    if previous is None:
        return set()
    placed = (
        select(CircleMember.member)
        .join(Circle, Circle.id == CircleMember.circle_id)
        .where(Circle.season_id == previous)
    )
    return set(people) & set(
        tx.session.scalars(
            select(CircleSignup.member).where(
                CircleSignup.season_id == previous,
                CircleSignup.is_signed_up.is_(True),
                CircleSignup.member.not_in(placed),
            )
        )
    )
