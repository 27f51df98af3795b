"""The end of a season: the last questions, and a way to go on together."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

import jobs.circles
from bot import monitoring
from bot.circles import rules, service
from models import Circle, CircleSeason
from tests.circles import fills_in, make_circle, meeting_of
from tests.factories import Story
from tests.handlers.circles.test_moves import all_join, move_of
from tests.handlers.circles.test_moves import answers as answers_move
from tests.handlers.circles.test_started import circle as started_circle
from tests.handlers.circles.test_started import started, takes_place
from tests.handlers.circles.test_times import chooses_time
from tests.programs import presses
from tests.quiet import circle as circle_now
from tests.quiet import runs_jobs, until
from tests.seasons import (
    PEOPLE,
    circle_of,
    circles_of,
    forms_circles,
    invites,
    messages_with,
    press,
    season_with,
    shown,
    text_of,
)
from tests.slack_payloads import ASKER, CHAMPION, HELPER, PEER, form_values

ENDED = "Your circle has ended"
AGAIN = "starts a circle with the people of your last one"


def ends_seasons(story: Story) -> None:
    jobs.circles.end_seasons(story.rt, story.worker)
    story.deliver()


def due_seasons(story: Story) -> int:
    with story.rt.read(story.workspace) as tx:
        return monitoring.due_work(tx)["end-seasons"].due


def goes_on(story: Story, member: str, circle: int, program: int) -> int:
    """Start a circle with the people of one that has ended; return its season."""
    form = press(story, member, "again", circle)
    assert form["callback_id"] == "circle_start", form
    filled = form_values(form) | {"program": str(program), "theme": "Once more"}
    answer = story.submit(member, form, filled, view_id=f"V{story.ts()}")
    assert answer.status == 200
    story.deliver()
    return started(story).id


@pytest.mark.deep
def test_each_reads_the_last_questions_after_the_last_day(story: Story, program: int):
    season, _, people = circle_of(story, program)
    with story.rt.read_session() as session:
        last = session.get_one(CircleSeason, season).ends_on
    story.clock.now = story.clock.now.replace(month=last.month, day=last.day, hour=12)
    ends_seasons(story)
    assert not messages_with(story, people[0], ENDED)
    # The operator sees no work that stays due.
    assert due_seasons(story) == 0
    story.clock.now += timedelta(days=3)
    assert due_seasons(story) == 1
    for _ in range(2):
        ends_seasons(story)
    for person in people:
        [message] = messages_with(story, person, ENDED)
        assert "What did you get from it?" in message
        others = set(people) - {person}
        assert all(PEOPLE[other] in message for other in others)
    assert circles_of(story, season) == []


def all_meet(story: Story, number: int, *people: str) -> None:
    """Let a meeting with its agenda take place, and say so."""
    meeting = meeting_of(story, number)
    until(story, meeting.planned_at - timedelta(minutes=5))
    assert meeting_of(story, number).posted_at is not None, meeting.planned_at
    until(story, meeting.planned_at + timedelta(hours=3))
    for member in people:
        story.click(member, "meeting_met_part", f"{meeting.id}:0:0")


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_last_meeting_that_moved_takes_place(story: Story):
    circle = make_circle(story)
    people = (ASKER, HELPER, PEER, CHAMPION)
    all_join(story, circle)
    with story.rt.write(story.workspace) as tx:
        season = tx.session.scalars(select(CircleSeason)).one()
        season.meetings = 3
        season.ends_on = rules.last_day(season.starts_on, 3, 2)
        assert season.ends_on == date(2026, 4, 27)
        other = Circle(
            installation_id=tx.workspace.id,
            program_id=season.program_id,
            season_id=season.id,
            formed_at=tx.now,
        )
        tx.session.add(other)
        tx.session.flush()
        silent = other.id
    story.clock.now += timedelta(minutes=1)
    until(story, datetime(2026, 3, 16, 11, tzinfo=UTC))
    for number in (1, 2):
        all_meet(story, number, *people)
    until(story, datetime(2026, 4, 10, 12, tzinfo=UTC))
    story.click(HELPER, "meeting_move", f"{meeting_of(story, 3).id}:0:0")
    fills_in(story, HELPER, day="2026-04-28", time="15:00")
    for member in (ASKER, PEER, CHAMPION):
        answers_move(story, member, "yes")
    assert move_of(story).is_accepted
    all_meet(story, 3, *people)
    # The other circle, which has no meeting ahead, ended on its own day.
    assert circle_now(story, silent).ended_at is not None
    assert circle_now(story, circle).ends_on == date(2026, 5, 5)
    until(story, datetime(2026, 5, 5, 23, tzinfo=UTC))
    assert not messages_with(story, ASKER, ENDED)
    until(story, datetime(2026, 5, 7, tzinfo=UTC))
    assert circle_now(story, circle).ended_at is not None
    assert messages_with(story, ASKER, ENDED)


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_circle_that_chose_its_time_late_has_all_its_meetings(
    story: Story, program: int
):
    season, circle, people = circle_of(story, program, 5, meetings="3")
    with story.rt.read_session() as session:
        starts_on = session.get_one(CircleSeason, season).starts_on
    story.clock.now = datetime.combine(starts_on, datetime.min.time(), UTC)
    story.clock.now += timedelta(weeks=4)
    chooses_time(story, people[0], circle)
    with story.rt.read(story.workspace) as tx:
        dates = service.dates(tx, service.get(tx, circle))
        assert len(dates) == 3
        last_day = tx.session.get_one(CircleSeason, season).ends_on
    assert dates[-1].date() > last_day
    runs_jobs(story)
    for number in (1, 2, 3):
        all_meet(story, number, *people)


# The job may not have been there on the last day.
@pytest.mark.parametrize("days_late", [0, 1])
@pytest.mark.parametrize(
    ("season", "circle", "last_day"),
    [
        # Orthodox Easter Monday in Cyprus: the last meeting is on Tuesday.
        (
            {"ends_on": date(2026, 4, 13), "holidays_of": "CY"},
            {"starts_at": datetime(2026, 3, 16, 11, tzinfo=UTC)},
            date(2026, 4, 21),
        ),
        # The third week in writing begins on a Monday two weeks after the season's end.
        ({"ends_on": date(2026, 3, 30)}, {"is_in_writing": True}, date(2026, 4, 20)),
        # A break has a last day of its own.
        ({"ends_on": date(2026, 4, 1)}, {"is_frozen": True}, None),
    ],
)
def test_a_circle_with_meetings_ahead_goes_on_after_its_last_day(
    story: Story, season, circle, last_day, days_late
):
    fields = {name: value for name, value in circle.items() if name != "is_frozen"}
    circle_id = make_circle(story, **fields)
    with story.rt.write(story.workspace) as tx:
        row = tx.session.scalars(select(CircleSeason)).one()
        row.meetings = 3
        for name, value in season.items():
            setattr(row, name, value)
    until(story, datetime(2026, 3, 16, 8, tzinfo=UTC))
    if "is_frozen" in circle:
        with story.rt.write(story.workspace) as tx:
            tx.session.get_one(Circle, circle_id).frozen_at = tx.now
    story.clock.now = datetime.combine(
        season["ends_on"], datetime.min.time(), UTC
    ) + timedelta(days=days_late)
    for _ in range(2):
        ends_seasons(story)
    assert circle_now(story, circle_id).ends_on == last_day
    goes_on = last_day is not None or not days_late
    assert (circle_now(story, circle_id).ended_at is None) == goes_on


def test_a_season_that_a_lead_ends_early_is_told_as_well(story: Story, program: int):
    season, circle, people = circle_of(story, program)
    press(story, people[5], "leave", circle)
    press(story, CHAMPION, "end_season", season)
    story.deliver()
    for person in people[:5]:
        assert messages_with(story, person, ENDED)
    assert not messages_with(story, people[5], ENDED)
    assert not messages_with(story, CHAMPION, ENDED)


def test_people_whose_circle_never_began_are_asked_nothing(story: Story, program: int):
    season = season_with(story, program, 6)
    forms_circles(story)
    invites(story, season)
    press(story, CHAMPION, "end_season", season)
    story.deliver()
    assert not messages_with(story, "U0C00", ENDED)


@pytest.mark.deep
def test_they_go_on_with_the_same_people(story: Story, program: int):
    season, circle, people = circle_of(story, program)
    press(story, people[5], "leave", circle)
    presses(story, people[4], "leave", program)
    press(story, CHAMPION, "end_season", season)
    story.deliver()
    again = goes_on(story, people[0], circle, program)
    assert again != season
    for person in people[1:4]:
        [invitation] = messages_with(story, person, AGAIN)
        assert "Once more" in invitation
        takes_place(story, person, again)
    # Who left the circle or the program is not invited.
    for person in (people[0], *people[4:]):
        assert not messages_with(story, person, AGAIN)
    assert circles_of(story, again)[0][1] == people[:4]


def test_a_circle_that_a_member_started_ends_as_well(story: Story, program: int):
    _, _, people = started_circle(story, program)
    story.clock.now += timedelta(days=120)
    ends_seasons(story)
    story.advance(days=3)
    for person in people:
        assert messages_with(story, person, ENDED)


def test_new_people_are_in_the_list_and_enough_is_stored_nowhere(
    story: Story, program: int
):
    season, circle, people = circle_of(story, program)
    press(story, CHAMPION, "end_season", season)
    story.deliver()
    assert press(story, people[0], "new_people", circle)["callback_id"] == "circles"
    story.click(people[1], "circle_enough", str(circle), channel="D1")
    assert "Thank you" in text_of(story.slack.responses[-1])


@pytest.mark.parametrize("has_ended", [True, False])
def test_nobody_goes_on_with_a_circle_that_is_not_their_own_past_one(
    story: Story, program: int, *, has_ended: bool
):
    season, circle, people = circle_of(story, program)
    by = people[0]
    if has_ended:
        press(story, CHAMPION, "end_season", season)
        by = "U0C59"
    press(story, by, "again", circle)
    assert "circle_start" not in text_of(shown(story))
    form = press(story, people[1], "start", "new")
    forged = {**form, "private_metadata": json.dumps({"circle": circle})}
    filled = form_values(form) | {"program": str(program), "theme": "Mine"}
    story.submit(by, forged, filled)
    story.deliver()
    for person in people:
        assert not messages_with(story, person, AGAIN)
    with story.rt.read_session() as session:
        assert len(session.scalars(select(Circle)).all()) == 1
