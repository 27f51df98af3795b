"""Take the answers of a circle's people, and decide with them or at the end of time."""

from bot.circles import meeting_store as store
from bot.circles import (
    newcomers,
    places,
    quiet,
    service,
    vote_blocks,
    vote_rules,
    votes,
)
from bot.circles.vote_rules import Answer, Kind
from bot.runtime import Transaction
from bot.slack.blocks import Note
from models import Circle, CircleVote


def answer(
    tx: Transaction, vote_id: int, answer: Answer, *, by: str, event_micros: int
) -> Note:
    """Store an answer, and decide if it can be by now. Raises UserError."""
    circle, vote = votes.lock(tx, vote_id)
    votes.store_answer(tx, circle, vote, answer, by=by, event_micros=event_micros)
    decide(tx, circle, vote)
    return vote_blocks.answered(answer)


def settle(tx: Transaction, vote_id: int) -> None:
    """Decide a vote whose time is over, if another replica has not done it."""
    circle, vote = votes.lock(tx, vote_id)
    if vote.decided_at is None and vote.answer_until <= tx.now:
        decide(tx, circle, vote)


def decide(tx: Transaction, circle: Circle, vote: CircleVote) -> None:
    """Decide a vote of a locked circle, if the answers or the time decide it by now.

    A circle does not decide how it goes on while it meets.
    """
    kind = Kind(vote.kind)
    if kind is not Kind.PLACE and store.is_meeting(tx, circle.id):
        return
    people = service.people_in(tx, circle)
    own = votes.answers(tx, vote)
    decision = vote_rules.decision(
        kind, people, own, is_over=vote.answer_until <= tx.now
    )
    if decision is None:
        return
    if kind is Kind.PLACE:
        newcomers.decide(tx, circle, vote, decision)
        places.settle_changes(tx, service.season_of(tx, circle), circle)
        return
    is_silent = not any(member in own for member in people)
    quiet.decide(tx, circle, vote, decision, is_silent=is_silent)
