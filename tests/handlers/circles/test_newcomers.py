"""Free places after the start: a person wants one, and the others decide."""

from datetime import timedelta

import pytest

from bot.circles import service, votes
from bot.circles.vote_rules import Kind
from bot.people import exclusions
from models import Circle, CircleVote
from tests.factories import Story
from tests.handlers.circles.test_merges import two_circles
from tests.handlers.circles.test_started import circle as started_circle
from tests.handlers.circles.test_started import listed, takes_place
from tests.handlers.circles.test_times import calendars_of, chooses_time, comes_late
from tests.personal_data import forget
from tests.programs import presses as in_program
from tests.quiet import (
    LATE,
    answers,
    circle,
    comes,
    hours_come,
    open_votes,
    runs_jobs,
    until,
)
from tests.seasons import (
    circles_of,
    messages_with,
    passes_on,
    places_of,
    press,
    text_of,
)

OFFER, QUESTION = "There is a place for you", "Lee would like a free place"
JOINED, GONE = "Lee joined your circle", "This place is gone"

# What is said here does not depend on the database; test_kills.py uses the other one.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def asks(story: Story, circle_id: int) -> None:
    """Let Lee want the place that is offered."""
    story.click(LATE, "circle_take", str(circle_id), channel="D1")
    assert "I ask the others" in text_of(story.slack.responses[-1])
    hours_come(story)


@pytest.mark.deep
def test_the_others_read_of_a_person_only_when_these_want_the_place(
    story: Story, begun: tuple[int, int, list[str]]
):
    season, circle_id, people = begun
    [offer] = messages_with(story, LATE, OFFER)
    assert "The circle has begun." in offer
    assert not any(messages_with(story, each, "Lee") for each in people)
    story.click(LATE, "circle_take", str(circle_id), channel="D1")
    asks(story, circle_id)
    assert "You asked for a place. The others decide." in listed(story, LATE)
    for person in people:
        [question] = messages_with(story, person, QUESTION)
        assert "no answer is a yes" in question
    # It waits as long as the others may, not as long as an offer.
    passes_on(story)
    assert LATE in dict(circles_of(story, season))[circle_id]
    press(story, LATE, "see", circle_id)
    assert "That circle is gone" in text_of(story.slack.views[-1])

    answers(story, "yes", *people[:2], kind=Kind.PLACE)
    assert open_votes(story, circle_id) == [] or places_of(story, LATE)[0].taken_at
    answers(story, "yes", people[2], kind=Kind.PLACE)
    hours_come(story)
    for person in people:
        assert messages_with(story, person, JOINED)
    assert messages_with(story, LATE, "Your circle is complete: 6")
    assert calendars_of(story, LATE) == 1
    assert "You said" not in "".join(messages_with(story, LATE, ""))
    # An answer after that changes nothing.
    answers(story, "no", *people, kind=Kind.PLACE)
    assert places_of(story, LATE)[0].left_at is None


@pytest.mark.deep
def test_more_than_half_say_no_and_the_person_waits_for_another(
    story: Story, begun: tuple[int, int, list[str]]
):
    season, circle_id, people = begun
    asks(story, circle_id)
    answers(story, "no", *people[:3], kind=Kind.PLACE)
    hours_come(story)
    assert messages_with(story, LATE, GONE)
    assert not any(messages_with(story, each, JOINED) for each in people)
    # This circle is not asked again, also when a place comes free.
    press(story, people[4], "leave", circle_id)
    runs_jobs(story)
    hours_come(story)
    assert len(messages_with(story, LATE, OFFER)) == 1
    assert dict(circles_of(story, season))[circle_id] == people[:4]


@pytest.mark.deep
@pytest.mark.parametrize("decision", ["break", "end"])
def test_a_circle_that_takes_nobody_now_passes_the_person_on(
    story: Story, program: int, decision: str
):
    season, circles = two_circles(story, program, 9)
    at = max(chooses_time(story, people[0], each) for each, people in circles)
    until(story, at + timedelta(days=1))
    comes_late(story, program, season)
    offering, other = sorted(
        circles_of(story, season), key=lambda each: LATE not in each[1]
    )
    with story.rt.write(story.workspace) as tx:
        votes.ask(tx, service.lock(tx, offering[0]), Kind.QUIET)
    answers(story, decision, *offering[1][:-1])
    assert LATE in dict(circles_of(story, season))[other[0]]
    hours_come(story)
    assert len(messages_with(story, LATE, OFFER)) == 2


@pytest.mark.deep
def test_silence_of_three_working_days_is_a_yes(
    story: Story, begun: tuple[int, int, list[str]]
):
    _, circle_id, people = begun
    asks(story, circle_id)
    vote = answers(story, "no", *people[:2], kind=Kind.PLACE)
    until(story, vote.answer_until - timedelta(minutes=1))
    assert places_of(story, LATE)[0].taken_at is None
    until(story, vote.answer_until + timedelta(minutes=1))
    assert places_of(story, LATE)[0].taken_at is not None


@pytest.mark.deep
def test_someone_whom_one_of_them_must_not_meet_gets_no_place(
    story: Story, begun: tuple[int, int, list[str]]
):
    """A member has said so while the others decided; Lee reads what all read."""
    _, circle_id, people = begun
    asks(story, circle_id)
    with story.rt.write(story.workspace) as tx:
        exclusions.exclude(tx, people[4], LATE, source="own")
    answers(story, "yes", *people[:3], kind=Kind.PLACE)
    hours_come(story)
    assert messages_with(story, LATE, GONE)
    assert not any(messages_with(story, each, JOINED) for each in people)


@pytest.mark.parametrize("reason", ["declines", "leaves", "is forgotten"])
@pytest.mark.deep
def test_a_person_who_wants_it_no_more_ends_the_question(
    story: Story, program: int, begun: tuple[int, int, list[str]], reason: str
):
    _, circle_id, people = begun
    asks(story, circle_id)
    if reason == "declines":
        press(story, LATE, "decline", circle_id)
    elif reason == "leaves":
        in_program(story, LATE, "leave", program)
    else:
        forget(story, LATE)
    assert open_votes(story, circle_id) == []
    answers(story, "yes", *people, kind=Kind.PLACE)
    assert not any(messages_with(story, each, JOINED) for each in people)
    assert not any(place.taken_at for place in places_of(story, LATE))
    hours_come(story)
    assert not messages_with(story, LATE, GONE)


@pytest.mark.deep
def test_a_circle_that_has_a_break_takes_no_one(
    story: Story, begun: tuple[int, int, list[str]]
):
    season, circle_id, people = begun
    asks(story, circle_id)
    press(story, people[0], "break", circle_id)
    answers(story, "yes", *people[1:], kind=Kind.BREAK)
    assert circle(story, circle_id).frozen_at is not None
    hours_come(story)
    assert messages_with(story, LATE, GONE)
    assert len(messages_with(story, LATE, OFFER)) == 1
    # They wait, and are asked when it is back.
    press(story, people[0], "thaw", circle_id)
    hours_come(story)
    assert len(messages_with(story, LATE, OFFER)) == 2
    assert LATE in dict(circles_of(story, season))[circle_id]


@pytest.mark.deep
def test_a_person_asks_for_a_place_in_a_circle_that_a_member_started(
    story: Story, program: int
):
    season, circle_id, people = started_circle(story, program, 5)
    comes(story, program)
    until(story, story.clock.now + timedelta(days=8))
    assert "3 of 7" not in listed(story, LATE)
    # While the circle decides how it goes on, nobody new is asked about.
    with story.rt.write(story.workspace) as tx:
        vote = votes.ask(tx, tx.session.get_one(Circle, circle_id), Kind.QUIET)
        vote_id = vote.id
    assert "places are free" not in listed(story, LATE)
    with story.rt.write(story.workspace) as tx:
        votes.close(tx, tx.session.get_one(CircleVote, vote_id), None)
    page = listed(story, LATE)
    assert "2 of 7 places are free. It has begun. Next meeting:" in page
    form = text_of(press(story, LATE, "sign_up", season))
    assert "those in it read your name and decide" in form
    assert "I ask the others" in text_of(takes_place(story, LATE, season))
    assert "Ask for a place" not in listed(story, LATE)
    story.advance(hours=12)
    story.advance(hours=12)
    assert messages_with(story, people[0], QUESTION)
    answers(story, "no", *people[:3], kind=Kind.PLACE)
    hours_come(story)
    assert messages_with(story, LATE, "That place in a circle is gone.")
    # It is not in their list any longer, nor can a forged press ask again.
    assert "Ask for a place" not in listed(story, LATE)
    assert "callback_id" in press(story, LATE, "sign_up", season)
    assert "That circle is gone" in text_of(story.slack.views[-1])
    assert dict(circles_of(story, season))[circle_id] == people
