"""Messages about what a circle decides; their words are made when they are sent."""

from bot.circles import (
    conversation,
    merging,
    place_blocks,
    service,
    vote_blocks,
)
from bot.circles import meeting_store as store
from bot.circles.message_kinds import CIRCLE_THAWED, CIRCLE_VOTE, CIRCLE_VOTED
from bot.circles.vote_blocks import ResultText, VoteText
from bot.circles.vote_rules import Answer, Kind
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.workspace import contact_hours, members
from models import Circle, CircleVote


def _render_vote(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the question until the time for an answer is over, to its circle."""
    vote, member = tx.session.get(CircleVote, delivery.subject_id), delivery.recipient
    if vote is None:
        return None
    circle = service.get(tx, vote.circle_id)
    is_over = vote.decided_at is not None or vote.answer_until <= tx.now
    if is_over or not service.is_in(tx, circle, member):
        return None
    kind = Kind(vote.kind)
    name = ""
    if kind is Kind.PLACE:
        people = {*service.people_in(tx, circle), vote.member}
        name = members.first_names(tx, people)[vote.member]
    text = VoteText(
        vote.id,
        kind,
        vote.answer_until,
        name,
        _impossible(tx, circle),
        shows_past=kind is Kind.PLACE and conversation.has_past(tx, circle.id),
    )
    return PostMessage(member, *vote_blocks.question(text, members.zone(tx, member)))


def _impossible(tx: Transaction, circle: Circle) -> list[Answer]:
    """Return the answers that would lead to nothing in this circle."""
    answers = [Answer.TIME] if circle.is_in_writing else []
    return answers if merging.can_join(tx, circle) else [*answers, Answer.JOIN]


def _render_voted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the decision: to the circle, or to a person who asked for a place."""
    vote, member = tx.session.get(CircleVote, delivery.subject_id), delivery.recipient
    if vote is None:
        return None
    circle = service.get(tx, vote.circle_id)
    if vote.kind == Kind.PLACE:
        return _no_place(tx, circle, vote)
    if vote.result is None or not service.is_in(tx, circle, member):
        return None
    result, meeting = Answer(vote.result), store.ahead(tx, circle.id)
    is_break = result in {Answer.BREAK, Answer.YES}
    if is_break != (circle.frozen_at is not None):
        return None
    text = ResultText(
        circle.id,
        result,
        meeting.planned_at if meeting is not None else None,
        circle.ends_on,
    )
    return PostMessage(member, *vote_blocks.decided(text, members.zone(tx, member)))


def _no_place(tx: Transaction, circle: Circle, vote: CircleVote) -> SlackAction | None:
    if not service.is_present(tx, circle.program_id, vote.member):
        return None
    is_started = service.season_of(tx, circle).places is not None
    note = vote_blocks.no_place() if is_started else place_blocks.too_late()
    return PostMessage(vote.member, *note)


def _render_thawed(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    circle = tx.session.get_one(Circle, delivery.subject_id)
    meeting, member = store.ahead(tx, circle.id), delivery.recipient
    if circle.frozen_at is not None or not service.is_in(tx, circle, member):
        return None
    at = meeting.planned_at if meeting is not None else None
    note = vote_blocks.thawed(circle.id, at, members.zone(tx, member))
    return PostMessage(member, *note)


# These are about one's own circle, so they are no unasked messages.
MESSAGE_TYPES = (
    MessageType(CIRCLE_VOTE, _render_vote, send_after=contact_hours.send_after),
    MessageType(CIRCLE_VOTED, _render_voted, send_after=contact_hours.send_after),
    MessageType(CIRCLE_THAWED, _render_thawed, send_after=contact_hours.send_after),
)
