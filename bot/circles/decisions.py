"""Take the answers of a circle's people, and decide with them or at the end of time."""

from bot.circles import (
    free_places,
    merging,
    moves,
    newcomers,
    quiet,
    seasons,
    service,
    vote_blocks,
    vote_rules,
    votes,
)
from bot.circles import meeting_store as store
from bot.circles.vote_rules import Answer, Kind
from bot.runtime import Transaction
from bot.slack.blocks import Note
from models import Circle, CircleSeason, CircleVote


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

    A circle that decides how it goes on while it meets does so after its meeting.
    """
    kind = Kind(vote.kind)
    people = service.people_in(tx, circle)
    if not people and kind is not Kind.PLACE:
        votes.close(tx, vote, None)
        return
    is_over = vote.answer_until <= tx.now or not people
    own = votes.answers(tx, vote)
    decision = vote_rules.decision(kind, people, own, is_over=is_over)
    if decision is None:
        return
    if kind is not Kind.PLACE and store.is_meeting(tx, circle.id):
        vote.answer_until = min(vote.answer_until, tx.now)
        return
    if kind is Kind.PLACE:
        newcomers.decide(tx, circle, vote, decision)
        free_places.settle_changes(tx, service.season_of(tx, circle), circle)
        return
    is_silent = not any(member in own for member in people)
    quiet.decide(tx, circle, vote, decision, is_silent=is_silent)
    season = service.season_of(tx, circle)
    if season.places is None:
        # Someone whom the circle takes no longer may get a place in another one.
        free_places.pass_on(tx, season)


def answer_merge(
    tx: Transaction, merge_id: int, *, by: str, is_yes: bool, event_micros: int
) -> Note:
    """Store an answer about a merge, and decide if it can be. Raises UserError."""
    merge = merging.get(tx, merge_id)
    season = seasons.lock(tx, merge.season_id)
    note = merging.answer(tx, merge, by=by, is_yes=is_yes, event_micros=event_micros)
    # Someone whose circle has ended may get another place.
    free_places.pass_on(tx, season)
    recount(tx, season)
    return note


def recount(tx: Transaction, season: CircleSeason) -> None:
    """Decide what is open in a locked season, after people left its circles.

    Their answers count no more, and the answers of the others may be enough now.
    """
    merging.decide_open(tx, season)
    for vote in votes.open_votes(tx, season):
        circle, open_vote = votes.lock(tx, vote.id)
        # An earlier decision may have closed it.
        if open_vote.decided_at is None and circle.ended_at is None:
            decide(tx, circle, open_vote)
    moves.recount(tx, season)
