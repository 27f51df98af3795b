"""Places in circles: offered, taken, given back, passed on, and left."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from bot.circles import (
    candidates,
    forms,
    merging,
    place_blocks,
    roster,
    rules,
    seasons,
    service,
    signups,
)
from bot.circles.message_kinds import (
    CIRCLE_LEFT,
    CIRCLE_NONE,
    CIRCLE_PLACE,
)
from bot.circles.rules import State
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.matching import changes
from bot.matching.circles import LARGEST, STAYS
from bot.outbox import home_refresh
from bot.runtime import Transaction
from bot.slack.blocks import Note
from bot.workspace import members
from bot.workspace.working_time import WorkingTime
from models import (
    Circle,
    CircleMember,
    CircleSeason,
    CircleSignup,
    Member,
    ProgramMember,
)

ALREADY_INVITED = "They are invited already."
TOO_LATE = "This place is gone. If another one comes free, I write to you."
NOT_THERE = "That circle doesn't work for this person. Choose another one."
FULL = f"That circle has {LARGEST} people already."


# Before the invitation


def move(tx: Transaction, season: CircleSeason, member: str, circle_id: int) -> None:
    """Move a person to another circle of the preview; the caller locked the season.

    The message of the UserError does not tell why people can't be together.
    """
    if seasons.state(tx, season) is not State.PREVIEW:
        raise UserError(ALREADY_INVITED)
    circle = next((c for c in seasons.circles(tx, season) if c.id == circle_id), None)
    signed_up = signups.people(tx, season)
    if circle is None or member not in {row.member for row in signed_up}:
        raise UserError(service.GONE)
    there = [each.member for each in service.places(tx, circle)]
    if member in there:
        return
    if len(there) >= LARGEST:
        raise UserError(FULL, field="circle")
    concerned = [row for row in signed_up if row.member in {*there, member}]
    people = candidates.load(tx, season, concerned)
    if there and changes.place(people, [there], member, tx.now) is None:
        raise UserError(NOT_THERE, field="circle")
    before = tx.session.scalar(
        select(CircleMember).filter_by(season_id=season.id, member=member, left_at=None)
    )
    if before is not None:
        tx.session.delete(before)
        tx.session.flush()
        roster.renew_reasons(tx, season, service.get(tx, before.circle_id))
    roster.add(tx, season, circle, member)
    roster.renew_reasons(tx, season, circle)


def move_by_form(tx: Transaction, season: CircleSeason, values: FormValues) -> None:
    """Move the chosen person to the chosen circle. Raises UserError with the field."""
    person = values.chosen(forms.PERSON)
    if person is None:
        raise UserError(forms.CHOOSE, field=forms.PERSON)
    move(tx, season, person, forms.chosen_circle(values))


def invite(tx: Transaction, season: CircleSeason) -> None:
    """Offer each person their place; the caller has locked the season.

    A second call does nothing. Raises UserError before the circles are formed.
    """
    match seasons.state(tx, season):
        case State.RUNNING:
            return
        case State.PREVIEW:
            pass
        case _:
            raise UserError(seasons.OVER)
    season.invited_at = tx.now
    _remove_leavers(tx, season)
    for circle in seasons.circles(tx, season):
        own = service.places(tx, circle)
        if not own:
            # A lead moved everyone away, or they left.
            circle.ended_at = tx.now
        for place in own:
            _offer(tx, circle, place)
    tx.session.flush()
    for member in roster.waiting(tx, season):
        tx.enqueue(CIRCLE_NONE, season.id, to=member)


def _remove_leavers(tx: Transaction, season: CircleSeason) -> None:
    """Take those out of the preview who left the program or took their sign-up back."""
    signed_up = {row.member for row in signups.people(tx, season)}
    for circle in seasons.circles(tx, season):
        for place in service.places(tx, circle):
            if place.member not in signed_up:
                tx.session.delete(place)
                tx.session.flush()
                roster.renew_reasons(tx, season, circle)


def _offer(tx: Transaction, circle: Circle, place: CircleMember) -> None:
    zone = members.zone(tx, place.member)
    place.invited_at = tx.now
    place.take_until = WorkingTime(zone).add(tx.now, rules.WORKING_HOURS_TO_TAKE)
    tx.enqueue(CIRCLE_PLACE, circle.id, to=place.member)
    home_refresh.refresh_homes(tx, [place.member])


# Answers


def _own_place(tx: Transaction, circle: Circle, by: str) -> CircleMember:
    place = tx.session.get(CircleMember, (circle.id, by), populate_existing=True)
    if place is None or place.invited_at is None:
        raise UserError(service.GONE)
    if circle.ended_at is not None or not service.is_present(tx, circle.program_id, by):
        raise UserError(service.GONE)
    return place


def take(tx: Transaction, circle: Circle, *, by: str) -> Note:
    """Take one's place; the caller has locked the circle. Raises UserError."""
    place = _own_place(tx, circle, by)
    season = service.season_of(tx, circle)
    if seasons.state(tx, season) is State.ENDED:
        raise UserError(seasons.OVER)
    if place.left_at is not None:
        raise UserError(TOO_LATE)
    if place.taken_at is None:
        place.taken_at = tx.now
        tx.session.flush()
        roster.refresh(tx, circle)
        roster.introduce(tx, circle)
        if len(service.places(tx, circle)) < STAYS:
            merging.offer(tx, season)
    return place_blocks.taken(circle.id)


def decline(tx: Transaction, circle: Circle, *, by: str) -> Note:
    """Give one's place back before taking it. Raises UserError after that."""
    place = _own_place(tx, circle, by)
    if place.taken_at is not None and place.left_at is None:
        raise UserError(signups.HAS_PLACE)
    if place.left_at is None:
        place.left_at = tx.now
        tx.session.flush()
        home_refresh.refresh_homes(tx, [by])
        pass_on(tx, service.season_of(tx, circle))
        roster.introduce(tx, circle)
        merging.offer(tx, service.season_of(tx, circle))
    return place_blocks.declined()


def agree(tx: Transaction, circle: Circle, *, by: str) -> None:
    """Agree to the rules of the circle. Raises UserError for all others."""
    place = service.require_in(tx, circle, by)
    place.agreed_at = place.agreed_at or tx.now


def leave(tx: Transaction, circle: Circle, *, by: str) -> None:
    """Leave a circle; the caller has locked it. Raises UserError for all others."""
    place = service.require_in(tx, circle, by)
    _end_place(tx, circle, place)
    home_refresh.refresh_homes(tx, [by])
    pass_on(tx, service.season_of(tx, circle))
    merging.offer(tx, service.season_of(tx, circle))


def _end_place(tx: Transaction, circle: Circle, place: CircleMember) -> None:
    """End a place, and tell the others if they had been introduced."""
    was_taken = place.taken_at is not None
    place.left_at = tx.now
    tx.session.flush()
    roster.refresh(tx, circle)
    if not was_taken:
        return
    for member in service.people_in(tx, circle):
        tx.enqueue(
            CIRCLE_LEFT,
            circle.id,
            to=member,
            payload={"member": place.member},
            occurrence=place.member,
        )


# The job, and the next in line


def due(tx: Transaction) -> list[int]:
    """Return the ids of the seasons in which a place ends now.

    It was not taken in time, or its person left the program or the workspace. Or the
    time for an answer about a merge is over.
    """
    running = tx.session.scalars(
        select(CircleSeason)
        .where(
            CircleSeason.installation_id == tx.workspace.id,
            CircleSeason.invited_at.is_not(None),
            CircleSeason.ended_at.is_(None),
            CircleSeason.ends_on >= tx.now.date(),
        )
        .order_by(CircleSeason.id)
    )
    undecided = merging.due(tx)
    return [
        season.id for season in running if season.id in undecided or _ended(tx, season)
    ]


def _ended(tx: Transaction, season: CircleSeason) -> Sequence[CircleMember]:
    """Return the places that end now."""
    return tx.session.scalars(
        select(CircleMember)
        .outerjoin(
            Member,
            (Member.slack_id == CircleMember.member)
            & (Member.installation_id == season.installation_id),
        )
        .outerjoin(
            ProgramMember,
            (ProgramMember.program_id == season.program_id)
            & (ProgramMember.member == CircleMember.member),
        )
        .where(
            CircleMember.season_id == season.id,
            CircleMember.left_at.is_(None),
            or_(
                CircleMember.taken_at.is_(None) & (CircleMember.take_until <= tx.now),
                Member.is_deactivated.is_(True),
                Member.is_external.is_(True),
                ProgramMember.is_joined.is_not(True),
            ),
        )
        .order_by(CircleMember.circle_id, CircleMember.member)
    ).all()


def settle(tx: Transaction, season_id: int) -> None:
    """End the places that were not taken in time, and pass them on."""
    season = seasons.lock(tx, season_id)
    if seasons.state(tx, season) is not State.RUNNING:
        return
    concerned = set()
    for place in _ended(tx, season):
        circle = service.get(tx, place.circle_id)
        _end_place(tx, circle, place)
        concerned.add(circle.id)
    pass_on(tx, season)
    for circle in seasons.circles(tx, season):
        if circle.id in concerned:
            roster.introduce(tx, circle)
    merging.end_due(tx, season)
    merging.offer(tx, season)


def on_program_left(tx: Transaction, program_id: int, member: str) -> None:
    """Take someone who left the program out of its circles, and tell the others."""
    season_ids = tx.session.scalars(
        select(CircleSeason.id)
        .join(CircleSignup, CircleSignup.season_id == CircleSeason.id)
        .where(
            CircleSeason.program_id == program_id,
            CircleSeason.ended_at.is_(None),
            CircleSeason.ends_on >= tx.now.date(),
            CircleSignup.member == member,
        )
        .order_by(CircleSeason.id)
    )
    for season_id in season_ids.all():
        season = seasons.lock(tx, season_id)
        if seasons.state(tx, season) is State.PREVIEW:
            _remove_leavers(tx, season)
        else:
            settle(tx, season_id)


def pass_on(tx: Transaction, season: CircleSeason) -> None:
    """Offer free places to those who wait, the first first; nobody else moves.

    The caller has locked the season. A circle that has begun takes no one.
    """
    people = roster.waiting(tx, season)
    if not people:
        return
    open_circles = [
        circle for circle in seasons.circles(tx, season) if _takes_people(tx, circle)
    ]
    for member in people:
        present = [
            [each.member for each in service.places(tx, circle)]
            for circle in open_circles
        ]
        ids = {member}.union(*present)
        rows = signups.of(tx, season, ids)
        known = candidates.load(tx, season, rows)
        there = {person.id for person in known}
        index = changes.place(
            known,
            [[each for each in ids if each in there] for ids in present],
            member,
            tx.now,
        )
        if index is None:
            continue
        circle = open_circles[index]
        _offer(tx, circle, roster.add(tx, season, circle, member))
        roster.renew_reasons(tx, season, circle)
        roster.refresh(tx, circle)


def _takes_people(tx: Transaction, circle: Circle) -> bool:
    has_begun = circle.starts_at is not None and circle.starts_at <= tx.now
    return not has_begun and 0 < len(service.places(tx, circle)) < LARGEST
