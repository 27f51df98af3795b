"""People who would take a free place after the start: the others decide.

A person is offered the place, or asks for it, as before the start. Only when they want
it, the others read their name and answer.
"""

from bot.circles import apart, merging, roster, service, signups, times, votes
from bot.circles import meeting_store as store
from bot.circles.message_kinds import CIRCLE_VOTED
from bot.circles.vote_rules import Answer, Kind
from bot.matching.circles import LARGEST
from bot.outbox import home_refresh
from bot.runtime import Transaction
from models import Circle, CircleMember, CircleSeason, CircleVote


def ask_others(tx: Transaction, circle: Circle, place: CircleMember) -> None:
    """Ask those in a locked circle about a person who wants the offered place."""
    # It does not end while the others decide.
    place.take_until = None
    votes.ask(tx, circle, Kind.PLACE, place.member)


def request_place(
    tx: Transaction, season: CircleSeason, circle: Circle, member: str
) -> None:
    """Let a person ask for a free place in a circle that a member started."""
    place = roster.add(tx, season, circle, member)
    place.invited_at = tx.now
    ask_others(tx, circle, place)


def can_ask(tx: Transaction, circle: Circle) -> bool:
    """Return True if a circle that has begun can decide about a person now."""
    return (
        circle.frozen_at is None
        and circle.ended_at is None
        and circle.introduced_at is not None
        and store.ahead(tx, circle.id) is not None
        and votes.open_vote(tx, circle, Kind.QUIET) is None
    )


def takes_people(tx: Transaction, circle: Circle) -> bool:
    """Return True if there is a free place, and a meeting ahead to come to.

    A merge may need the place.
    """
    has_room = 0 < len(service.places(tx, circle)) < LARGEST
    if circle.frozen_at is not None or not has_room or merging.is_asked(tx, circle):
        return False
    return not store.has_begun(tx, circle) or can_ask(tx, circle)


def is_asked(tx: Transaction, circle: Circle, member: str) -> bool:
    """Return True while the others decide about a person."""
    return votes.open_vote(tx, circle, Kind.PLACE, member) is not None


def close_vote(tx: Transaction, circle: Circle, member: str) -> None:
    """End the question about a person who wants the place no more."""
    vote = votes.open_vote(tx, circle, Kind.PLACE, member)
    if vote is not None:
        votes.close(tx, vote, None)


def decide(tx: Transaction, circle: Circle, vote: CircleVote, answer: Answer) -> None:
    """Do what a locked circle decided about a person, if they still want the place."""
    place = tx.session.get(CircleMember, (circle.id, vote.member))
    if place is None or place.left_at is not None or circle.ended_at is not None:
        votes.close(tx, vote, None)
        return
    people = service.people_in(tx, circle)
    if answer is Answer.YES and people and not apart.avoided(tx, vote.member, people):
        votes.close(tx, vote, answer)
        _accept(tx, circle, place)
    else:
        votes.close(tx, vote, Answer.NO)
        _refuse(tx, circle, place)
        tx.enqueue(CIRCLE_VOTED, vote.id, to=vote.member)


def _accept(tx: Transaction, circle: Circle, place: CircleMember) -> None:
    roster.tell_joined(tx, circle, place.member)
    place.taken_at = tx.now
    tx.session.flush()
    roster.refresh(tx, circle)
    roster.introduce(tx, circle)
    times.send_calendar(tx, circle, place.member)


def _refuse(tx: Transaction, circle: Circle, place: CircleMember) -> None:
    """End a place that was not taken; its person waits for another one."""
    place.left_at = tx.now
    tx.session.flush()
    roster.refresh(tx, circle)
    home_refresh.refresh_homes(tx, [place.member])
    signups.renew(tx, service.season_of(tx, circle), place.member)


def refuse_all(tx: Transaction, circle: Circle) -> None:
    """End the places that nobody has taken yet: the circle takes no people now."""
    for place in service.places(tx, circle):
        if place.taken_at is not None:
            continue
        vote = votes.open_vote(tx, circle, Kind.PLACE, place.member)
        _refuse(tx, circle, place)
        if vote is not None:
            votes.close(tx, vote, None)
            tx.enqueue(CIRCLE_VOTED, vote.id, to=place.member)
