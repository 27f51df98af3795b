"""A circle of six people that meets, for tests of its meetings."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

import jobs.circle_meetings
from bot.runtime import Transaction
from models import Circle, CircleMeeting, CircleMember, CircleSeason
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.making_programs import shown
from tests.programs import make_program
from tests.remembered import played_once
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, HELPER, PEER, form_values

# In the order of their turns to facilitate.
PEOPLE = (ASKER, HELPER, PEER, CHAMPION, ADMIN)
# Noon in Berlin, on a Wednesday.
STARTS_AT = datetime(2026, 3, 18, 11, tzinfo=UTC)


@played_once
def make_circle(story: Story, people: tuple[str, ...] = PEOPLE, **fields: Any) -> int:
    """Store a circle that meets six times, every two weeks, for an hour."""
    program_id = make_program(story)
    with story.rt.write(story.workspace) as tx:
        season = CircleSeason(
            installation_id=tx.workspace.id,
            program_id=program_id,
            source=f"form:{program_id}",
            opened_by=ADMIN,
            opened_at=tx.now,
            signup_ends_at=tx.now,
            starts_on=date(2026, 3, 16),
            ends_on=date(2026, 6, 30),
            meetings=6,
            weeks_between=2,
            minutes=60,
            formed_at=tx.now,
            invited_at=tx.now,
        )
        tx.session.add(season)
        tx.session.flush()
        values = {
            "zone": "Europe/Berlin",
            "starts_at": STARTS_AT,
            "formed_at": tx.now,
            "introduced_at": tx.now,
        }
        circle = Circle(
            installation_id=tx.workspace.id,
            program_id=program_id,
            season_id=season.id,
            **values | fields,
        )
        tx.session.add(circle)
        tx.session.flush()
        _take_places(tx, circle, people)
        return circle.id


def _take_places(
    tx: Transaction, circle: Circle, people: tuple[str, ...], first: int = 0
) -> None:
    tx.session.add_all(
        CircleMember(
            circle_id=circle.id,
            member=member,
            season_id=circle.season_id,
            position=position,
            invited_at=tx.now,
            taken_at=tx.now,
        )
        for position, member in enumerate(people, first)
    )


def come_later(story: Story, *people: str) -> None:
    """Let people take free places in the circle now."""
    with story.rt.write(story.workspace) as tx:
        circle = tx.session.scalars(select(Circle)).one()
        _take_places(tx, circle, people, first=len(PEOPLE))


@played_once
def keep(story: Story) -> None:
    """Run the job, and send what is due."""
    jobs.circle_meetings.keep_meetings(story.rt, story.worker)
    story.deliver()


@played_once
def go_to(story: Story, at: datetime) -> None:
    """Let time pass until `at`, running the job whenever something is due."""
    story.pass_time(at, lambda: keep(story), CircleMeeting.due_at)


def open_agenda(story: Story, number: int = 1) -> CircleMeeting:
    """Let time pass until the agenda of a meeting is posted; return the meeting."""
    keep(story)
    go_to(story, meeting_of(story, number).planned_at - timedelta(minutes=10))
    keep(story)
    return meeting_of(story, number)


def meeting_of(story: Story, number: int = 1) -> CircleMeeting:
    with story.rt.read_session() as session:
        return session.scalars(
            select(CircleMeeting)
            .filter_by(number=number)
            .order_by(CircleMeeting.id.desc())
            .limit(1)
        ).one()


def agenda_of(story: Story, member: str) -> PostedMessage:
    """Return the last agenda that a member has."""
    return [
        message
        for message in story.slack.messages_to(member)
        if "_lead" in str(message.blocks)
        or "did not begin" in str(message.blocks)
        or "The meeting is over" in str(message.blocks)
    ][-1]


def button_values(message: PostedMessage) -> dict[str, str]:
    return {
        element["action_id"]: element["value"]
        for block in message.blocks
        for element in block.get("elements", [])
        if "action_id" in element
    }


def presses(story: Story, member: str, act: str, **more: Any) -> None:
    """Press a button of the member's agenda as they see it, and send what is due."""
    value = button_values(agenda_of(story, member))[f"meeting_{act}"]
    assert story.click(member, f"meeting_{act}", value, **more).status == 200
    story.deliver()


def fills_in(story: Story, author: str, **values: Any) -> str:
    """Fill in the form that opened last, and submit it; return Slack's answer."""
    view = shown(story)
    answer = story.submit(author, view, form_values(view) | values)
    assert answer.status == 200
    story.deliver()
    return str(answer.body)
