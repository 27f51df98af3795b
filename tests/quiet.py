"""A circle that goes quiet, and a newcomer, for tests of what circles decide."""

from datetime import datetime, timedelta

from sqlalchemy import select

import jobs.circle_meetings
import jobs.circles
from bot.circles import votes
from bot.circles.vote_rules import Kind
from models import Circle, CircleVote
from tests.circles import PEOPLE, make_circle, meeting_of
from tests.factories import Story
from tests.programs import joins_program
from tests.remembered import played_once
from tests.seasons import press
from tests.slack_payloads import user_object

LATE = "U0LATE"
QUIET = "half of you or more missed the last two meetings"


@played_once
def a_circle(story: Story) -> int:
    """Store a circle whose people are in its program."""
    circle_id = make_circle(story)
    for member in PEOPLE:
        joins_program(story, member, circle(story, circle_id).program_id)
    story.deliver()
    return circle_id


@played_once
def comes(story: Story, program: int) -> None:
    """Let Lee join the program."""
    story.slack.people[LATE] = user_object(LATE, "Lee")
    joins_program(story, LATE, program)


def runs_jobs(story: Story) -> None:
    jobs.circle_meetings.keep_meetings(story.rt, story.worker)
    jobs.circles.check_circles(story.rt, story.worker)
    jobs.circles.pass_on_places(story.rt, story.worker)
    jobs.circles.end_seasons(story.rt, story.worker)
    story.deliver()


@played_once
def until(story: Story, at: datetime) -> None:
    """Let time pass until `at`, running the jobs every now and then."""
    while story.clock.now < at:
        story.clock.now += min(at - story.clock.now, timedelta(hours=12))
        runs_jobs(story)


@played_once
def hours_come(story: Story) -> None:
    """Let it be everyone's working hours once, also after a weekend."""
    for _ in range(12):
        story.advance(hours=6)


@played_once
def misses_two(story: Story) -> None:
    """Let nobody come to the first two meetings, and two working days pass."""
    runs_jobs(story)
    until(story, meeting_of(story, 1).planned_at + timedelta(hours=3))
    # Two working days, less the hours of the meeting.
    until(story, meeting_of(story, 2).planned_at + timedelta(days=5))


def vote_of(story: Story, kind: Kind = Kind.QUIET) -> CircleVote:
    with story.rt.read_session() as session:
        return session.scalars(
            select(CircleVote)
            .filter_by(kind=kind.value)
            .order_by(CircleVote.id.desc())
            .limit(1)
        ).one()


def answers(
    story: Story, answer: str, *people: str, kind: Kind = Kind.QUIET
) -> CircleVote:
    vote = vote_of(story, kind)
    for person in people:
        press(story, person, f"vote_{answer}", vote.id)
    story.deliver()
    return vote_of(story, kind)


def circle(story: Story, circle_id: int) -> Circle:
    with story.rt.read_session() as session:
        return session.get_one(Circle, circle_id)


def open_votes(story: Story, circle_id: int) -> list[Kind]:
    with story.rt.read(story.workspace) as tx:
        row = tx.session.get_one(Circle, circle_id)
        return [kind for kind in Kind if votes.open_vote(tx, row, kind)]
