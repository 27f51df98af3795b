"""Votes of circles, as they are stored: open them, answer them, count the answers."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Select, delete, select

from bot.circles import meeting_store as store
from bot.circles import service, vote_rules
from bot.circles.message_kinds import CIRCLE_VOTE
from bot.circles.vote_rules import ANSWERS, Answer, Kind
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert
from bot.errors import UserError
from bot.runtime import Transaction
from bot.workspace.working_time import WorkingTime
from models import Circle, CircleSeason, CircleVote, CircleVoteAnswer

OVER = "This question is over. Thank you."


def ask(tx: Transaction, circle: Circle, kind: Kind, member: str = "") -> CircleVote:
    """Put a question to those in a locked circle, unless it is open already."""
    vote = open_vote(tx, circle, kind, member)
    if vote is not None:
        return vote
    working_time = WorkingTime(service.zone_of(circle))
    vote = CircleVote(
        circle_id=circle.id,
        kind=kind.value,
        member=member,
        answer_until=working_time.add(tx.now, vote_rules.WORKING_HOURS_TO_VOTE),
    )
    tx.session.add(vote)
    tx.session.flush()
    for person in sorted(service.people_in(tx, circle)):
        tx.enqueue(CIRCLE_VOTE, vote.id, to=person)
    return vote


def open_vote(
    tx: Transaction, circle: Circle, kind: Kind, member: str = ""
) -> CircleVote | None:
    """Return the circle's open question of this kind."""
    return tx.session.scalar(
        select(CircleVote).filter_by(
            circle_id=circle.id, kind=kind.value, member=member, decided_at=None
        )
    )


def open_votes(tx: Transaction, season: CircleSeason) -> Sequence[CircleVote]:
    """Return the open questions to the circles of a season."""
    return tx.session.scalars(
        select(CircleVote)
        .join(Circle, Circle.id == CircleVote.circle_id)
        .where(
            Circle.season_id == season.id,
            Circle.ended_at.is_(None),
            CircleVote.decided_at.is_(None),
        )
        .order_by(CircleVote.id)
    ).all()


def get(tx: Transaction, vote_id: int) -> CircleVote:
    """Return a vote of the workspace. Raises UserError if there is none."""
    vote = tx.session.scalar(
        select(CircleVote)
        .join(Circle, Circle.id == CircleVote.circle_id)
        .where(CircleVote.id == vote_id, Circle.installation_id == tx.workspace.id)
    )
    if vote is None:
        raise UserError(service.GONE)
    return vote


def lock(tx: Transaction, vote_id: int) -> tuple[Circle, CircleVote]:
    """Lock the season and the circle of a vote; return both as they are then.

    Raises UserError if there is no such vote.
    """
    vote = get(tx, vote_id)
    circle = service.lock(tx, vote.circle_id)
    tx.session.refresh(vote)
    return circle, vote


def store_answer(
    tx: Transaction,
    circle: Circle,
    vote: CircleVote,
    answer: Answer,
    *,
    by: str,
    event_micros: int,
) -> None:
    """Store the answer of a person in the locked circle; the later press counts.

    Raises UserError if the vote is over, or not theirs.
    """
    service.require_in(tx, circle, by)
    if vote.decided_at is not None:
        raise UserError(OVER)
    if answer not in ANSWERS[Kind(vote.kind)]:
        raise UserError(service.GONE)
    insert = upsert(tx.session, CircleVoteAnswer).values(
        vote_id=vote.id, member=by, answer=answer.value, event_micros=event_micros
    )
    tx.session.execute(
        insert.on_conflict_do_update(
            index_elements=["vote_id", "member"],
            set_={"answer": answer.value, "event_micros": event_micros},
            where=CircleVoteAnswer.event_micros < event_micros,
        )
    )


def answers(tx: Transaction, vote: CircleVote) -> Mapping[str, Answer]:
    rows = tx.session.execute(
        select(CircleVoteAnswer.member, CircleVoteAnswer.answer).filter_by(
            vote_id=vote.id
        )
    )
    return {row.member: Answer(row.answer) for row in rows}


def close(tx: Transaction, vote: CircleVote, result: Answer | None) -> None:
    """Store a decision, or with None that there is nothing to decide any longer.

    The answers have done their work, and go.
    """
    vote.decided_at = tx.now
    tx.session.execute(delete(CircleVoteAnswer).filter_by(vote_id=vote.id))
    vote.result = result.value if result is not None else None
    tx.session.flush()


def refused(tx: Transaction, circle: Circle) -> set[str]:
    """Return those who are not offered a place again: a circle decided against it."""
    return set(
        tx.session.scalars(
            select(CircleVote.member).filter_by(
                circle_id=circle.id,
                kind=Kind.PLACE.value,
                result=Answer.NO.value,
            )
        )
    )


def due(tx: Transaction) -> Sequence[int]:
    """Return the ids of the votes whose time for an answer is over.

    A circle that meets at the moment decides after it.
    """
    query = due_in(tx.workspace.id, tx.now)
    return tx.session.scalars(query.order_by(CircleVote.id)).all()


def due_in(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of such votes."""
    meets = store.meets_now(CircleVote.circle_id)
    return (
        select(CircleVote.id)
        .join(Circle, Circle.id == CircleVote.circle_id)
        .where(
            Circle.installation_id == installation_id,
            CircleVote.decided_at.is_(None),
            CircleVote.answer_until <= now,
            (CircleVote.kind == Kind.PLACE.value) | ~meets,
        )
    )
