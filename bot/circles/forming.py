"""Form the circles of a season when its sign-up is over, and tell its leads."""

from collections.abc import Sequence

from sqlalchemy import Select, select

from bot.circles import candidates, proposals, rules, seasons, signups
from bot.circles.message_kinds import CIRCLE_FORMED
from bot.circles.rules import State
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.matching import circles as matching
from bot.matching.people import Person
from bot.outbox import home_refresh
from bot.programs import service as programs
from bot.runtime import Transaction
from bot.workspace import members
from bot.workspace.working_time import WorkingTime
from models import Circle, CircleMember, CircleSeason

# The payload of the message to leads if there is no circle.
NO_CIRCLE = {"has_circle": False}


def due(tx: Transaction) -> Sequence[int]:
    """Return the ids of the seasons whose circles are to be formed now."""
    query = unformed(tx.workspace.id, tx.now).order_by(CircleSeason.id)
    rows = tx.session.scalars(query)
    return [row.id for row in rows if seasons.state(tx, row) is State.FORMING]


def unformed(installation_id: InstallationId, now: Time) -> Select[CircleSeason]:
    """Select the seasons without circles for which nobody can sign up any longer."""
    return select(CircleSeason).where(
        CircleSeason.installation_id == installation_id,
        CircleSeason.formed_at.is_(None),
        CircleSeason.ended_at.is_(None),
        CircleSeason.signup_ends_at <= now,
    )


def form(tx: Transaction, season_id: int) -> None:
    """Form a season's circles once, whichever replica does it, and tell its leads."""
    season = seasons.lock(tx, season_id)
    if seasons.state(tx, season) is not State.FORMING:
        return
    people = candidates.load(tx, season, signups.people(tx, season))
    formed = matching.form(
        people, seed=f"{tx.workspace.team_id}:{season.id}", at=tx.now
    )
    by_id = {person.id: person for person in people}
    for number, ids in enumerate(formed.circles, start=1):
        _store(tx, season, number, [by_id[each] for each in ids])
    season.formed_at = tx.now
    if not formed.circles:
        # There is nothing to look at: people learn at once that there is no circle.
        proposals.invite(tx, season)
    _tell_leads(tx, season, has_circles=bool(formed.circles))


def _store(
    tx: Transaction, season: CircleSeason, number: int, people: Sequence[Person]
) -> None:
    circle = Circle(
        installation_id=tx.workspace.id,
        program_id=season.program_id,
        season_id=season.id,
        number=number,
        formed_at=tx.now,
        zone=rules.common_zone(person.zone for person in people).key,
        is_in_writing=season.is_in_writing,
    )
    tx.session.add(circle)
    tx.session.flush()
    for position, person in enumerate(sorted(people, key=_rank)):
        tx.session.add(
            CircleMember(
                circle_id=circle.id,
                member=person.id,
                season_id=season.id,
                position=position,
            )
        )
    tx.session.flush()


def _rank(person: Person) -> tuple[bool, bool, float, str]:
    """Order people by how well they can run the first meeting."""
    return (
        not person.may_facilitate,
        person.is_newcomer,
        -person.activity,
        person.id,
    )


def _tell_leads(tx: Transaction, season: CircleSeason, *, has_circles: bool) -> None:
    program = seasons.program_of(tx, season)
    leads = {season.opened_by, *programs.program_leads(tx, program)}
    for lead in sorted(leads):
        if not has_circles:
            tx.enqueue(CIRCLE_FORMED, season.id, to=lead, payload=NO_CIRCLE)
            continue
        tx.enqueue(CIRCLE_FORMED, season.id, to=lead)
        # It is sent if nobody has invited by then.
        tx.enqueue(
            CIRCLE_FORMED,
            season.id,
            to=lead,
            occurrence="reminder",
            send_at=WorkingTime(members.zone(tx, lead)).add(
                tx.now, rules.WORKING_HOURS_TO_INVITE
            ),
        )
    home_refresh.refresh_homes(tx, leads)
