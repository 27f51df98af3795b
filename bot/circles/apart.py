"""People with places in a circle who must not meet, as was said since it was formed."""

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from bot.matching.cost import must_not_meet
from bot.people import exclusions
from bot.people.facts import load_people
from bot.runtime import Transaction
from models import CircleMember, CircleSeason


def avoided(tx: Transaction, member: str, others: Collection[str]) -> set[str]:
    """Return those of the others whom the member must not meet."""
    people = {person.id: person for person in load_people(tx, {member, *others})}
    own = people.pop(member)
    return {other for other in people if must_not_meet(own, people[other])}


def next_place(tx: Transaction, season: CircleSeason) -> CircleMember | None:
    """Return an offered place beside someone whom its person must not meet.

    One who has taken their place keeps it; of two others, the first to facilitate does.
    """
    other = aliased(CircleMember)
    columns = CircleMember.member, other.member
    return tx.session.scalar(
        select(CircleMember)
        .join(other, other.circle_id == CircleMember.circle_id)
        .where(
            CircleMember.season_id == season.id,
            CircleMember.left_at.is_(None),
            CircleMember.taken_at.is_(None),
            other.left_at.is_(None),
            or_(
                exclusions.are_excluded(tx, *columns),
                exclusions.are_manager_and_report(tx, *columns),
            ),
        )
        .order_by(CircleMember.circle_id, CircleMember.position.desc())
        .limit(1)
    )
