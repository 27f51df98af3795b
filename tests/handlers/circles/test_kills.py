"""A bot that is killed at each step of what circles decide, start and end.

Each step is one transaction. It is lost, or only its response is; then the job runs, or
the person presses, again. Everything has happened once.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

import jobs.circle_meetings
import jobs.circles
from bot.circles.vote_rules import Kind
from models import (
    Circle,
    CircleMeeting,
    CircleMember,
    CircleSeason,
    CircleVote,
    MeetingAnswer,
    OutboxItem,
    PeerMeeting,
)
from tests.circles import PEOPLE as MEMBERS
from tests.circles import meeting_of
from tests.factories import Story
from tests.handlers.circles.test_from_asks import INVITED, ask, opens_form
from tests.handlers.circles.test_times import calendars_of, offered_times
from tests.handlers.test_lost_commits import lost
from tests.programs import joins_program
from tests.quiet import a_circle, circle, hours_come, misses_two, until, vote_of
from tests.seasons import circle_of, has_people, messages_with, press, signs_up
from tests.slack_payloads import (
    ASKER,
    CHAMPION,
    HELPER,
    PEER,
    form_values,
    user_object,
)

pytestmark = [
    pytest.mark.deep,
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
    # A lost transaction is done again, as in `test_meeting_races.py`.
    pytest.mark.parametrize(
        "is_committed", [True, pytest.param(False, marks=pytest.mark.exhaustive)]
    ),
]

__all__ = ["ask"]

LATE = "U0LATE"
Twice = Callable[[Callable[[], Any]], None]


@pytest.fixture
def twice(story: Story, is_committed: bool) -> Twice:
    """Do a step, losing its commit or the response, and do it again."""

    def do(step: Callable[[], Any]) -> None:
        with lost(story, is_committed=is_committed):
            step()
        step()
        story.deliver()

    return do


def check(story: Story) -> None:
    jobs.circles.check_circles(story.rt, story.worker)


def button(story: Story, member: str, action: str, value: object) -> Callable[[], Any]:
    return partial(press, story, member, action, value)


def submit(story: Story, member: str, form: dict[str, Any], **values: Any) -> Any:
    """Return a step that submits a form; Slack sends it twice with one id."""
    view_id = f"V{story.ts()}"
    filled = form_values(form) | values
    return lambda: story.submit(member, form, filled, view_id=view_id)


def count(story: Story, *query: Any) -> int:
    with story.rt.read_session() as session:
        return session.scalar(select(func.count()).select_from(*query)) or 0


def has_one(story: Story, people: list[str] | tuple[str, ...], words: str) -> None:
    for person in people:
        assert len(messages_with(story, person, words)) == 1, (person, words)


def none_waits(story: Story) -> None:
    """Assert that each message was sent, or is not wanted any longer."""
    with story.rt.read_session() as session:
        states = session.scalars(
            select(OutboxItem.state).where(
                OutboxItem.kind.startswith("circle."),
                OutboxItem.due_at <= story.clock.now,
            )
        )
        assert set(states) <= {"sent", "cancelled"}


@pytest.mark.deep_on_postgresql
def test_a_circle_goes_quiet_has_a_break_and_comes_back(story: Story, twice: Twice):
    circle_id = a_circle(story)
    jobs.circle_meetings.keep_meetings(story.rt, story.worker)
    until(story, meeting_of(story, 1).planned_at + timedelta(hours=3))
    until(story, meeting_of(story, 2).planned_at + timedelta(hours=3))
    story.clock.now = circle(story, circle_id).check_at or story.clock.now
    twice(partial(check, story))
    vote = vote_of(story)
    hours_come(story)
    story.clock.now = vote.answer_until
    twice(partial(check, story))
    assert circle(story, circle_id).frozen_at is not None
    story.clock.now += timedelta(weeks=4)
    twice(button(story, MEMBERS[1], "thaw", circle_id))
    third = meeting_of(story, 3)
    assert third.planned_at > story.clock.now
    hours_come(story)
    has_one(story, MEMBERS, "half of you or more missed")
    has_one(story, MEMBERS, "One of you brought your circle back")
    assert calendars_of(story, MEMBERS[0]) == 1
    assert count(story, CircleVote) == 1
    none_waits(story)


@pytest.mark.deep_on_postgresql
def test_a_circle_decides_on_another_time_and_a_break(story: Story, twice: Twice):
    circle_id = a_circle(story)
    misses_two(story)
    vote = vote_of(story)
    for member in MEMBERS:
        twice(button(story, member, "vote_time", vote.id))
    form = press(story, MEMBERS[2], "change", circle_id)
    [first, *_] = offered_times(form)
    twice(submit(story, MEMBERS[2], form, time=first))
    assert int(meeting_of(story, 3).planned_at.timestamp()) == int(first)
    twice(button(story, MEMBERS[0], "break", circle_id))
    proposal = vote_of(story, Kind.BREAK)
    for member in MEMBERS[1:3]:
        twice(button(story, member, "vote_yes", proposal.id))
    row = circle(story, circle_id)
    assert row.frozen_at is not None
    # It is not brought back.
    story.clock.now = row.frozen_at + timedelta(days=85)
    twice(partial(jobs.circles.end_seasons, story.rt, story.worker))
    hours_come(story)
    has_one(story, MEMBERS, "would like a break")
    has_one(story, MEMBERS, "Your circle has ended")
    assert calendars_of(story, MEMBERS[0]) == 1
    none_waits(story)


@pytest.mark.deep_on_postgresql
def test_a_circle_decides_about_a_person(story: Story, program: int, twice: Twice):
    season, circle_id, people = circle_of(story, program, 5)
    form = press(story, people[0], "change", circle_id)
    [first, *_] = offered_times(form)
    twice(submit(story, people[0], form, time=first))
    until(story, story.clock.now + timedelta(days=9))
    story.slack.people[LATE] = user_object(LATE, "Lee")
    joins_program(story, LATE, program)
    form = press(story, LATE, "sign_up", season)
    twice(submit(story, LATE, form))
    hours_come(story)
    has_one(story, [LATE], "There is a place for you")
    twice(button(story, LATE, "take", circle_id))
    hours_come(story)
    vote = vote_of(story, Kind.PLACE)
    story.clock.now = vote.answer_until
    twice(partial(check, story))
    hours_come(story)
    has_one(story, people, "Lee would like a free place")
    has_one(story, people, "Lee joined your circle")
    has_one(story, [LATE], "Your circle is complete: 6")
    # The other way, by one leaving and a yes of half.
    twice(button(story, people[4], "leave", circle_id))
    signs_up(story, people[4], season)
    story.deliver()
    twice(button(story, people[4], "take", circle_id))
    vote = vote_of(story, Kind.PLACE)
    for person in [*people[:2], LATE]:
        twice(button(story, person, "vote_yes", vote.id))
    with story.rt.read_session() as session:
        present = session.scalars(
            select(CircleMember.member).where(
                CircleMember.circle_id == circle_id,
                CircleMember.left_at.is_(None),
                CircleMember.taken_at.is_not(None),
            )
        )
        assert sorted(present) == sorted([*people, LATE])
    assert count(story, CircleVote) == 2
    none_waits(story)


@pytest.mark.deep_on_postgresql
def test_a_member_starts_a_circle_it_ends_and_goes_on(
    story: Story, program: int, twice: Twice
):
    people = has_people(story, program, 5)
    form = press(story, people[0], "start", "new")
    twice(submit(story, people[0], form, program=str(program), theme="Feedback"))
    assert count(story, Circle) == 1
    with story.rt.read_session() as session:
        season = session.scalars(select(CircleSeason.id)).one()
    for person in people[1:4]:
        form = press(story, person, "sign_up", season)
        twice(submit(story, person, form))
    hours_come(story)
    has_one(story, people[:4], "has enough people: 4")
    story.clock.now += timedelta(days=120)
    twice(partial(jobs.circles.end_seasons, story.rt, story.worker))
    hours_come(story)
    has_one(story, people[:4], "Your circle has ended")
    with story.rt.read_session() as session:
        circle_id = session.scalars(select(Circle.id)).one()
    form = press(story, people[0], "again", circle_id)
    twice(submit(story, people[0], form, program=str(program), theme="Once more"))
    hours_come(story)
    has_one(story, people[1:4], "starts a circle with the people of your last one")
    assert count(story, Circle) == 2
    # These store nothing: a second press does the same.
    assert press(story, people[1], "new_people", circle_id)["callback_id"] == "circles"
    story.click(people[2], "circle_enough", str(circle_id), channel="D1")
    assert count(story, CircleMember) == 5
    none_waits(story)


@pytest.mark.deep_on_postgresql
def test_an_ask_becomes_a_circle(
    story: Story, program: int, ask: tuple[int, str], twice: Twice
):
    form = opens_form(story, HELPER, ask[0])
    twice(submit(story, HELPER, form, program=str(program)))
    hours_come(story)
    has_one(story, (ASKER, PEER), INVITED)
    with story.rt.read_session() as session:
        season = session.scalars(select(CircleSeason.id)).one()
    form = press(story, PEER, "sign_up", season)
    twice(submit(story, PEER, form))
    assert count(story, CircleMember) == 2
    none_waits(story)


@pytest.mark.deep_on_postgresql
def test_a_circle_that_too_few_join_does_not_begin(
    story: Story, program: int, twice: Twice
):
    people = has_people(story, program, 2)
    form = press(story, people[0], "start", "new")
    twice(submit(story, people[0], form, program=str(program), theme="Feedback"))
    with story.rt.read_session() as session:
        starts_at = session.scalars(select(Circle.starts_at)).one()
    assert starts_at is not None
    story.clock.now = starts_at + timedelta(minutes=1)
    twice(partial(jobs.circles.pass_on_places, story.rt, story.worker))
    hours_come(story)
    has_one(story, people[:1], "Too few people took a place")
    none_waits(story)


def test_a_lead_ends_a_season(story: Story, program: int, twice: Twice):
    season, _, people = circle_of(story, program, 5)
    twice(button(story, CHAMPION, "end_season", season))
    hours_come(story)
    has_one(story, people, "Your circle has ended")
    none_waits(story)


def test_members_say_whether_they_met(story: Story, twice: Twice):
    a_circle(story)
    jobs.circle_meetings.keep_meetings(story.rt, story.worker)
    until(story, meeting_of(story, 1).planned_at - timedelta(minutes=5))
    story.clock.now = meeting_of(story, 1).planned_at + timedelta(hours=3)
    twice(partial(jobs.circle_meetings.keep_meetings, story.rt, story.worker))
    hours_come(story)
    has_one(story, MEMBERS, "Did you meet?")
    value = f"{meeting_of(story, 1).id}:0:0"
    for member in MEMBERS[:2]:
        twice(partial(story.click, member, "meeting_met_all", value))
        twice(partial(story.click, member, "meeting_worth_yes", value))
    meeting = meeting_of(story, 1)
    assert (meeting.took_place, meeting.worth_yes) == (True, 2)
    assert count(story, MeetingAnswer) == 2
    assert count(story, PeerMeeting) == 10
    assert count(story, CircleMeeting) == 2
    none_waits(story)
