"""The wish of a circle, until it is done: another time, or to join another circle."""

from sqlalchemy import select, update

from bot.circles.vote_rules import Answer
from bot.runtime import Transaction
from models import Circle, CircleVote

_WISHES = (Answer.TIME, Answer.JOIN)


def current(tx: Transaction, circle: Circle) -> CircleVote | None:
    """Return the vote by which the circle wants what has not been done yet."""
    return tx.session.scalar(
        select(CircleVote)
        .where(
            CircleVote.circle_id == circle.id,
            CircleVote.result.in_([each.value for each in _WISHES]),
            CircleVote.done_at.is_(None),
        )
        .order_by(CircleVote.id.desc())
        .limit(1)
    )


def wants(tx: Transaction, circle: Circle, answer: Answer) -> bool:
    """Return True if the circle wants another time, or to join another circle."""
    vote = current(tx, circle)
    return vote is not None and vote.result == answer.value


def end(tx: Transaction, circle: Circle) -> None:
    """Store that what the circle wanted is done, or can't be done."""
    tx.session.execute(
        update(CircleVote)
        .where(
            CircleVote.circle_id == circle.id,
            CircleVote.result.in_([each.value for each in _WISHES]),
            CircleVote.done_at.is_(None),
        )
        .values(done_at=tx.now)
    )
    tx.session.flush()
