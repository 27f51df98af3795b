"""The end of a season: the last questions to each, and a way to go on together."""

from collections.abc import Sequence

from slack_sdk.models.views import View
from sqlalchemy import select

from bot.circles import seasons, service, starting
from bot.circles.message_kinds import CIRCLE_ENDED, CIRCLE_INVITATION
from bot.errors import UserError
from bot.programs import membership
from bot.runtime import Transaction
from models import Circle, CircleMember, CircleSeason

# The payload of an invitation from a circle that has ended.
AGAIN = {"is_again": True}


def end(tx: Transaction, season: CircleSeason) -> None:
    """End a season and its circles, and ask their people the last questions.

    The caller has locked its row. Circles that never began are told nothing.
    """
    circles = [
        circle
        for circle in seasons.circles(tx, season)
        if circle.introduced_at is not None
    ]
    if season.ended_at is not None:
        return
    seasons.end(tx, season)
    for circle in circles:
        for member in sorted(service.people_in(tx, circle)):
            tx.enqueue(CIRCLE_ENDED, circle.id, to=member)


def due(tx: Transaction) -> list[int]:
    """Return the ids of seasons whose last day is over."""
    return list(
        tx.session.scalars(
            select(CircleSeason.id)
            .where(
                CircleSeason.installation_id == tx.workspace.id,
                CircleSeason.ended_at.is_(None),
                CircleSeason.ends_on < tx.now.date(),
            )
            .order_by(CircleSeason.id)
        )
    )


def settle(tx: Transaction, season_id: int) -> None:
    """End a season whose last day is over, if another replica has not done it."""
    season = seasons.lock(tx, season_id)
    if season.ends_on < tx.now.date():
        end(tx, season)


# Go on together


def require_was_in(tx: Transaction, circle_id: int, by: str) -> Circle:
    """Return a circle in which the member was until its end. Raises UserError."""
    circle = service.get(tx, circle_id)
    if circle.ended_at is None or by not in _people(tx, circle):
        raise UserError(service.GONE)
    return circle


def _people(tx: Transaction, circle: Circle) -> Sequence[str]:
    return tx.session.scalars(
        select(CircleMember.member)
        .where(
            CircleMember.circle_id == circle.id,
            CircleMember.taken_at.is_not(None),
            CircleMember.left_at.is_(None),
        )
        .order_by(CircleMember.member)
    ).all()


def open_form(tx: Transaction, circle_id: int, *, by: str) -> View:
    """Return the form to start a circle with the same people. Raises UserError."""
    circle = require_was_in(tx, circle_id, by)
    theme = service.season_of(tx, circle).theme
    return starting.open_form(tx, by=by, theme=theme, origin=("circle", circle.id))


def invite(tx: Transaction, circle: Circle, earlier: Circle, *, by: str) -> None:
    """Invite the others of an earlier circle who are in the program, each privately."""
    for member in _people(tx, earlier):
        if member != by and membership.is_joined(tx, circle.program_id, member):
            tx.enqueue(CIRCLE_INVITATION, circle.id, to=member, payload=AGAIN)
