"""Presses at once, in any order, and a bot that is killed at each step of a meeting."""

from datetime import timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import func, select

import jobs.circle_meetings
from bot.circles import meetings
from bot.circles.presses import Act, Press
from bot.clock import datetime_to_micros
from models import (
    CircleAction,
    CircleMeeting,
    CircleQuestion,
    MeetingTurn,
    OutboxItem,
    PeerMeeting,
)
from tests.circles import (
    PEOPLE,
    STARTS_AT,
    agenda_of,
    button_values,
    go_to,
    keep,
    make_circle,
    meeting_of,
    open_agenda,
)
from tests.factories import Story
from tests.handlers.routing.test_races import at_once
from tests.handlers.test_lost_commits import lost
from tests.making_programs import shown
from tests.slack_payloads import ASKER, HELPER, PEER, form_values

on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

pytestmark = pytest.mark.deep


def stored(story: Story, circle_id: int):
    """Return what follows from presses, as it is stored for one circle's meeting."""
    with story.rt.read_session() as session:
        meeting = session.scalars(
            select(CircleMeeting).filter_by(circle_id=circle_id, number=1)
        ).one()
        turns = session.scalars(
            select(MeetingTurn.member).filter_by(meeting_id=meeting.id)
        )
        return (
            meeting.is_open,
            meeting.started_at,
            meeting.ended_at,
            meeting.facilitator,
            meeting.due_at,
            sorted(turns),
        )


def any_presses(seed: int) -> list[Press]:
    random = Random(seed)
    begin = datetime_to_micros(STARTS_AT)
    presses = [
        Press(begin - 60_000_000, HELPER, Act.WANT_TURN),
        Press(begin, ASKER, Act.START),
    ]
    minutes, position = 0.0, 0
    for _ in range(40):
        minutes += random.random() * 4
        act = random.choice([*Act, Act.NEXT, Act.NEXT, Act.NEXT])
        position += act == Act.NEXT
        presses.append(
            Press(
                begin + int(minutes * 60_000_000),
                random.choice([ASKER, ASKER, ASKER, HELPER, PEER]),
                act,
                position - random.choice([0, 1]),
                other=random.choice(["", ASKER, HELPER]),
            )
        )
    return presses


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.each_parameter
def test_any_order_of_arrival_stores_the_same(story: Story, seed: int):
    keep(story)
    results = []
    for order in range(3):
        circle_id = make_circle(story)
        presses = any_presses(seed)
        if order:
            Random(seed * 10 + order).shuffle(presses)
        story.clock.now = STARTS_AT - timedelta(minutes=15)
        for _ in range(2):
            jobs.circle_meetings.keep_meetings(story.rt, story.worker)
        meeting_id = meeting_of(story, 1).id
        story.clock.now = STARTS_AT + timedelta(hours=3)
        for press in [*presses, presses[0]]:
            with story.rt.write(story.workspace) as tx:
                meetings.press(tx, meeting_id, press)
        results.append(stored(story, circle_id))
    assert results[0] == results[1] == results[2]
    assert results[0][0] is False


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_starts_at_once_start_one_meeting(story: Story):
    make_circle(story)
    open_agenda(story)
    value = button_values(agenda_of(story, ASKER))["meeting_start"]
    press = partial(story.click, ASKER, "meeting_start", value)
    at_once(*[press] * 4)
    meeting = meeting_of(story)
    assert meeting.is_open
    assert len(meeting.presses) == 4


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_people_who_take_over_at_once_do_not_lose_a_press(story: Story):
    make_circle(story)
    open_agenda(story)
    value = button_values(agenda_of(story, ASKER))["meeting_lead"]
    at_once(*(partial(story.click, each, "meeting_lead", value) for each in PEOPLE))
    assert len(meeting_of(story).presses) == len(PEOPLE)


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_replicas_at_once_plan_announce_and_post_once(story: Story):
    make_circle(story)
    run = partial(jobs.circle_meetings.keep_meetings, story.rt, story.worker)
    at_once(*[run] * 3)
    go_to(story, STARTS_AT - timedelta(minutes=10))
    at_once(*[run] * 3)
    story.deliver()
    with story.rt.read_session() as session:
        assert session.scalar(select(func.count(CircleMeeting.id))) == 1
        assert session.scalar(select(func.count(CircleQuestion.id))) == 1
    for member in PEOPLE:
        texts = story.slack.texts_to(member)
        assert texts.count("Meeting 1 of your circle") == 1


def click(story: Story, member: str, act: str, position: int) -> None:
    story.click(member, f"meeting_{act}", f"{meeting_of(story, 1).id}:{position}:0")


def submit_action(story: Story) -> None:
    click(story, HELPER, "action", 0)
    view = shown(story)
    story.submit(HELPER, view, form_values(view) | {"action": "Write to them"})


def keep_twice(story: Story) -> None:
    jobs.circle_meetings.keep_meetings(story.rt, story.worker)


@on_postgresql
@pytest.mark.parametrize("is_committed", [True, False])
@pytest.mark.deep_on_postgresql
def test_a_bot_that_is_killed_at_each_step_goes_on(story: Story, is_committed: bool):
    """Each step is one transaction; whoever pressed presses again if it is lost."""
    make_circle(story)
    with lost(story, is_committed=is_committed):
        keep_twice(story)
    keep_twice(story)
    go_to(story, STARTS_AT - timedelta(days=2, minutes=1))
    story.clock.now = STARTS_AT - timedelta(days=1, hours=23)
    with lost(story, is_committed=is_committed):
        keep_twice(story)
    keep(story)
    go_to(story, STARTS_AT - timedelta(minutes=16))
    story.clock.now = STARTS_AT - timedelta(minutes=14)
    with lost(story, is_committed=is_committed):
        keep_twice(story)
    keep(story)
    steps = [
        (HELPER, "want_turn", 0),
        (ASKER, "start", 0),
        (ASKER, "next", 0),
        (ASKER, "extend", 1),
        (ASKER, "pause", 1),
        (ASKER, "resume", 1),
        (ASKER, "next", 1),
        (PEER, "lead", 2),
        (PEER, "next", 2),
    ]
    for member, act, position in steps:
        with lost(story, is_committed=is_committed):
            click(story, member, act, position)
        click(story, member, act, position)
        story.advance(seconds=30)
    with lost(story, is_committed=is_committed):
        submit_action(story)
    submit_action(story)
    with lost(story, is_committed=is_committed):
        click(story, PEER, "end", 3)
    click(story, PEER, "end", 3)
    for _ in range(4):
        story.advance(seconds=61)
    meeting = meeting_of(story, 1)
    assert (meeting.is_open, meeting.facilitator) == (False, PEER)
    with story.rt.read_session() as session:
        assert session.scalar(select(func.count(CircleMeeting.id))) == 2
        assert session.scalar(select(func.count(CircleAction.id))) == 1
        assert list(session.scalars(select(MeetingTurn.member))) == [HELPER]
        # Three of them did something in it.
        assert session.scalar(select(func.count(PeerMeeting.member))) == 3
        states = set(
            session.scalars(
                select(OutboxItem.state).where(OutboxItem.kind.startswith("circle."))
            )
        )
    assert states <= {"sent", "cancelled"}
    for member in PEOPLE:
        texts = story.slack.texts_to(member)
        for once in (
            "Meeting 1 of your circle is coming up",
            "Meeting 1 of your circle",
            "Meeting 1 of your circle is over",
        ):
            assert texts.count(once) == 1, (member, once)
