"""Places in circles: taken, given back, and left."""

from collections.abc import Sequence

from sqlalchemy import or_, select, update

from bot.circles import (
    apart,
    conversation,
    decisions,
    free_places,
    meetings,
    merging,
    newcomers,
    place_blocks,
    roster,
    seasons,
    service,
    signups,
    started,
    times,
)
from bot.circles import meeting_store as store
from bot.circles.message_kinds import (
    CIRCLE_LEFT,
    CIRCLE_NONE,
)
from bot.circles.rules import State
from bot.clock import datetime_to_micros
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.runtime import Transaction
from bot.slack.blocks import Note
from models import (
    Circle,
    CircleMember,
    CircleSeason,
    CircleSignup,
    Member,
    ProgramMember,
)

TOO_LATE = "This place is gone."


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
        if season.places is not None or not signups.renew(tx, season, by):
            raise UserError(TOO_LATE)
        free_places.pass_on(tx, season)
        return place_blocks.too_late()
    if place.taken_at is None and store.has_begun(tx, circle, before=place.invited_at):
        newcomers.ask_others(tx, circle, place)
        roster.refresh(tx, circle)
        return place_blocks.asked()
    if place.taken_at is None:
        roster.tell_joined(tx, circle, by)
        place.taken_at = tx.now
        tx.session.flush()
        roster.refresh(tx, circle)
        times.send_calendar(tx, circle, by)
        free_places.settle_changes(tx, season, circle)
    return place_blocks.taken(circle.id)


def decline(tx: Transaction, circle: Circle, *, by: str) -> Note:
    """Give one's place back before taking it. Raises UserError after that."""
    place = _own_place(tx, circle, by)
    if place.taken_at is not None and place.left_at is None:
        raise UserError(signups.HAS_PLACE)
    if place.left_at is None:
        place.left_at = tx.now
        tx.session.flush()
        newcomers.close_vote(tx, circle, by)
        home_refresh.refresh_homes(tx, [by])
        free_places.settle_changes(tx, service.season_of(tx, circle), circle)
    return place_blocks.declined()


def agree(tx: Transaction, circle: Circle, *, by: str) -> None:
    """Agree to the rules of the circle. Raises UserError for all others."""
    place = service.require_in(tx, circle, by)
    place.agreed_at = place.agreed_at or tx.now
    conversation.show(tx, circle.id)


def leave(tx: Transaction, circle: Circle, *, by: str) -> None:
    """Leave a circle; the caller has locked it. Raises UserError for all others."""
    place = service.require_in(tx, circle, by)
    _end_place(tx, circle, place, named=by)
    home_refresh.refresh_homes(tx, [by])
    _settle_left(tx, service.season_of(tx, circle), circle)


def _settle_left(tx: Transaction, season: CircleSeason, *left: Circle) -> None:
    """Pass on the places of those who left, and count the answers of the others."""
    free_places.settle_changes(tx, season, *left)
    decisions.recount(tx, season)


def _end_place(
    tx: Transaction, circle: Circle, place: CircleMember, *, named: str
) -> None:
    """End a place, and tell the others if it was taken; `named` is the person's id."""
    was_taken = place.taken_at is not None
    place.left_at = tx.now
    tx.session.flush()
    roster.refresh(tx, circle)
    newcomers.close_vote(tx, circle, place.member)
    if not was_taken:
        return
    meetings.on_left(tx, circle.id, place.member)
    conversation.send(
        tx,
        CIRCLE_LEFT,
        circle.id,
        circle.id,
        payload={"member": named},
        occurrence=f"{named}:{datetime_to_micros(tx.now)}",
    )


# The job


def due(tx: Transaction) -> list[int]:
    """Return the ids of the seasons in which a place ends now.

    It was not taken in time, its person left the program or the workspace, or must not
    meet another one. Or the time for an answer about a merge is over, or that for
    taking a place.
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
    waiting = {*merging.due(tx), *started.due(tx)}
    return [
        season.id
        for season in running
        if season.id in waiting or _ended(tx, season) or apart.next_place(tx, season)
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
    concerned = {}
    for place in _ended(tx, season):
        circle = service.get(tx, place.circle_id)
        _end_place(tx, circle, place, named=place.member)
        concerned[circle.id] = circle
    while parted := apart.next_place(tx, season):
        circle = service.get(tx, parted.circle_id)
        _end_place(tx, circle, parted, named=parted.member)
        concerned[circle.id] = circle
        # They may get a place elsewhere, or learn that there is none.
        if signups.renew(tx, season, parted.member):
            tx.enqueue(CIRCLE_NONE, season.id, to=parted.member)
    merging.decide_open(tx, season)
    _settle_left(tx, season, *concerned.values())


def forget(tx: Transaction, member: str, pseudonym: str) -> None:
    """End the places and sign-ups of a person who is being forgotten.

    The others learn that someone left, and the places are passed on.
    """
    signed_up = select(CircleSignup.season_id).filter_by(member=member)
    ids = tx.session.scalars(
        select(CircleSeason.id)
        .where(
            CircleSeason.installation_id == tx.workspace.id,
            CircleSeason.id.in_(signed_up),
        )
        .order_by(CircleSeason.id)
    ).all()
    for season_id in ids:
        season = seasons.lock(tx, season_id)
        # Otherwise they would get the next free place.
        tx.session.execute(
            update(CircleSignup)
            .filter_by(season_id=season.id, member=member)
            .values(is_signed_up=False)
        )
        place = tx.session.scalar(
            select(CircleMember).filter_by(
                season_id=season.id, member=member, left_at=None
            )
        )
        if place is None or seasons.state(tx, season) is not State.RUNNING:
            continue
        circle = service.get(tx, place.circle_id)
        _end_place(tx, circle, place, named=pseudonym)
        _settle_left(tx, season, circle)


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
            roster.remove_withdrawn(tx, season)
        else:
            settle(tx, season_id)
