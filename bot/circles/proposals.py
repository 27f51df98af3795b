"""Before the invitation: move people between the circles, and invite them."""

from sqlalchemy import select

from bot.circles import (
    candidates,
    forms,
    free_places,
    roster,
    seasons,
    service,
    signups,
)
from bot.circles.message_kinds import CIRCLE_NONE
from bot.circles.rules import State
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.matching import changes
from bot.matching.circles import LARGEST
from bot.runtime import Transaction
from models import CircleMember, CircleSeason

ALREADY_INVITED = "They are invited already."
NOT_THERE = "That circle doesn't work for this person. Choose another one."
FULL = f"That circle has {LARGEST} people already."


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
        roster.renew_zone(tx, service.get(tx, before.circle_id))
    roster.add(tx, season, circle, member)
    roster.renew_zone(tx, circle)


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
    roster.remove_withdrawn(tx, season)
    for circle in seasons.circles(tx, season):
        own = service.places(tx, circle)
        if not own:
            # A lead moved everyone away, or they left.
            circle.ended_at = tx.now
        for place in own:
            free_places.offer(tx, circle, place)
    tx.session.flush()
    # Those who signed up since the circles were formed.
    free_places.pass_on(tx, season)
    for member in roster.waiting(tx, season):
        tx.enqueue(CIRCLE_NONE, season.id, to=member)
