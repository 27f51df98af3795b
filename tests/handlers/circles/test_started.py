"""Circles that a member starts, and in which others take a place."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import jobs.circle_meetings
from bot.circles import starting
from models import Circle, CircleMeeting, CircleSeason, DoNotPair, MemberAttributes
from tests.factories import Story
from tests.handlers.circles.test_times import calendars_of
from tests.pairs import people_page
from tests.personal_data import forget
from tests.programs import joins_program
from tests.seasons import (
    PEOPLE,
    circles_of,
    has_people,
    messages_with,
    passes_on,
    press,
    shown,
    text_of,
)
from tests.slack_payloads import ADMIN, CHAMPION, form_values

THEME = "Giving feedback"
SECRET = "How do I tell my boss"


def start_form(story: Story, member: str) -> dict[str, Any]:
    form = press(story, member, "start", "new")
    assert form["callback_id"] == "circle_start"
    return form


def starts(story: Story, member: str, program: int, **values: Any) -> Any:
    """Fill in the form to start a circle, and submit it; return Slack's answer."""
    form = start_form(story, member)
    filled = form_values(form) | {"program": str(program), "theme": THEME} | values
    answer = story.submit(member, form, filled, view_id=f"V{story.ts()}")
    assert answer.status == 200
    story.deliver()
    return answer


def started(story: Story) -> CircleSeason:
    with story.rt.read_session() as session:
        return session.scalars(
            select(CircleSeason).order_by(CircleSeason.id.desc()).limit(1)
        ).one()


def takes_place(story: Story, member: str, season: int, **values: Any) -> Any:
    form = press(story, member, "sign_up", season)
    assert form["callback_id"] == "circle_signup", form
    answer = story.submit(member, form, form_values(form) | values)
    assert answer.status == 200
    story.deliver()
    return json.loads(answer.body)


def listed(story: Story, member: str) -> str:
    """Type the command; return the page of circles."""
    story.command(member, "/backswing", "circles")
    return text_of(shown(story))


def circle(story: Story, program: int, count: int = 4) -> tuple[int, int, list[str]]:
    """Let people take the places of a circle that the first of them started."""
    people = has_people(story, program, count)
    starts(story, people[0], program)
    season = started(story).id
    for person in people[1:]:
        takes_place(story, person, season)
    [(circle_id, _)] = circles_of(story, season)
    return season, circle_id, people


@pytest.mark.deep
def test_a_member_starts_a_circle_and_others_take_its_places(
    story: Story, program: int
):
    starter, *others, late = people = has_people(story, program, 5)
    starts(story, starter, program, places="5", brings=SECRET)
    season = started(story).id
    assert "Your circle: Giving feedback" in listed(story, starter)
    for page in (listed(story, late), people_page(story, late)):
        assert "4 of 5 places are free" in page
        assert "Person00 started it" in page
        assert SECRET not in page
    for number, person in enumerate(others, start=2):
        answer = takes_place(story, person, season, brings=f"Question {number}")
        assert "You have a place" in text_of(answer)
        assert messages_with(
            story, starter, f"{PEOPLE[person]} joined your circle. You are {number} now"
        )
    # Four are enough.
    for person in people[:4]:
        [welcome] = messages_with(story, person, "has enough people: 4")
        assert "I agree" in welcome
        assert "You first meet on" in welcome
        assert calendars_of(story, person) == 1
    assert "1 of 5 places is free" in listed(story, late)
    takes_place(story, late, season)
    assert messages_with(story, late, "has enough people: 5")
    assert calendars_of(story, late) == 1
    [(circle_id, members)] = circles_of(story, season)
    assert members == people
    page = text_of(press(story, late, "see", circle_id))
    assert SECRET in page
    assert "All 5 places are taken" in page


def test_it_meets_like_any_other_circle(story: Story, program: int):
    _, circle_id, people = circle(story, program)
    jobs.circle_meetings.keep_meetings(story.rt, story.worker)
    with story.rt.read_session() as session:
        [meeting] = session.scalars(select(CircleMeeting))
        own = session.get_one(Circle, circle_id)
        assert meeting.planned_at == own.starts_at
        assert own.zone == "Europe/Helsinki"
    press(story, people[1], "agree", circle_id)
    press(story, people[2], "leave", circle_id)
    story.deliver()
    assert messages_with(story, people[0], "can't come to your circle from now on")


@pytest.mark.deep
def test_a_full_circle_is_in_no_list_and_takes_nobody(story: Story, program: int):
    *people, late = has_people(story, program, 5)
    starts(story, people[0], program, places="4")
    season = started(story).id
    form = press(story, late, "sign_up", season)
    for person in people[1:]:
        takes_place(story, person, season)
    assert "Take a place" not in listed(story, late)
    # They opened the form before.
    answer = story.submit(late, form, form_values(form))
    assert "All places of this circle are taken" in str(answer.body)
    assert len(circles_of(story, season)[0][1]) == 4


@pytest.mark.deep
def test_a_circle_with_too_few_people_does_not_begin(story: Story, program: int):
    season, _, people = circle(story, program, 3)
    story.advance(days=6, hours=23)
    passes_on(story)
    assert len(circles_of(story, season)) == 1
    with story.rt.read_session() as session:
        assert session.scalars(select(CircleMeeting)).all() == []
    story.advance(days=2)
    passes_on(story)
    assert circles_of(story, season) == []
    for person in people:
        assert len(messages_with(story, person, "It doesn't begin")) == 1
    passes_on(story)
    assert "Your circle" not in listed(story, people[0])
    # They can start another one.
    starts(story, people[0], program)
    assert started(story).id != season


def test_a_form_that_slack_sends_twice_starts_one_circle(story: Story, program: int):
    [person] = has_people(story, program, 1)
    form = start_form(story, person)
    filled = form_values(form) | {"program": str(program), "theme": THEME}
    for _ in range(2):
        assert story.submit(person, form, filled, view_id="V1").status == 200
    with story.rt.read_session() as session:
        assert len(session.scalars(select(Circle)).all()) == 1


def test_nobody_starts_two_at_a_time(story: Story, program: int):
    [person] = has_people(story, program, 1)
    starts(story, person, program)
    assert "One at a time" in str(starts(story, person, program).body)
    with story.rt.read_session() as session:
        assert len(session.scalars(select(Circle)).all()) == 1


@pytest.mark.deep
def test_leads_and_admins_do_not_see_or_run_it(story: Story, program: int):
    season, circle_id, people = circle(story, program)
    joins_program(story, CHAMPION, program)
    for person in (CHAMPION, ADMIN):
        page = listed(story, person)
        assert "See the circles" not in page
        assert PEOPLE[people[1]] not in page
        story.slack.views.clear()
        press(story, person, "preview", f"{season}:0")
        press(story, person, "move", season)
        press(story, person, "see", circle_id)
        for name in PEOPLE.values():
            assert name not in text_of(story.slack.views)
        press(story, person, "invite", season)
        press(story, person, "end_season", season)
    assert len(circles_of(story, season)[0][1]) == 4


def test_people_outside_the_program_see_and_take_no_place(story: Story, program: int):
    season, _, _ = circle(story, program, 2)
    assert "Take a place" not in listed(story, CHAMPION)
    press(story, CHAMPION, "sign_up", season)
    assert "not in this program" in text_of(shown(story))
    assert len(circles_of(story, season)[0][1]) == 2


@pytest.mark.parametrize("wish", ["starter's", "other's", "manager"])
def test_people_who_avoid_each_other_do_not_share_one(
    story: Story, program: int, wish: str
):
    """It is as if there were no such circle, whoever of the two wishes it.

    Nor do people share one with their manager.
    """
    starter, other = has_people(story, program, 2)
    starts(story, starter, program)
    season = started(story).id
    pair = (starter, other) if wish == "starter's" else (other, starter)
    form = press(story, other, "sign_up", season)
    with story.rt.write(story.workspace) as tx:
        values = {"installation_id": tx.workspace.id, "member": pair[0]}
        tx.session.add(
            MemberAttributes(manager=pair[1], source="file", **values)
            if wish == "manager"
            else DoNotPair(other=pair[1], source="own", **values)
        )
    assert "Take a place" not in listed(story, other)
    answer = story.submit(other, form, form_values(form))
    assert "That circle is gone" in str(answer.body)
    assert circles_of(story, season)[0][1] == [starter]


@pytest.mark.deep
def test_a_place_that_someone_leaves_is_free_until_the_first_meeting(
    story: Story, program: int
):
    season, circle_id, people = circle(story, program, 3)
    press(story, people[0], "leave", circle_id)
    assert "places are free" in listed(story, people[0])
    takes_place(story, people[0], season)
    assert len(circles_of(story, season)[0][1]) == 3


def test_a_circle_that_everyone_left_ends(story: Story, program: int):
    season, circle_id, people = circle(story, program, 2)
    for person in people:
        press(story, person, "leave", circle_id)
    assert circles_of(story, season) == []


@pytest.mark.deep
def test_the_last_person_reads_that_the_circle_has_ended(story: Story, program: int):
    season, circle_id, people = circle(story, program)
    for person in people[1:]:
        press(story, person, "leave", circle_id)
    story.deliver()
    assert circles_of(story, season) == []
    assert messages_with(story, people[0], "the only one left in your circle")


def test_two_circles_at_one_time_are_warned_of(story: Story, program: int):
    first, second = has_people(story, program, 2)
    starts(story, first, program)
    starts(story, second, program)
    form = press(story, first, "sign_up", started(story).id)
    assert "another circle at that time" in text_of(form)


@pytest.mark.deep
def test_nobody_starts_a_circle_at_the_time_of_another_one(story: Story, program: int):
    first, second = has_people(story, program, 2)
    starts(story, first, program)
    takes_place(story, second, started(story).id)
    [at] = {form_values(start_form(story, second))["first_day"]}
    next_week, later = (
        str(date.fromisoformat(at) + timedelta(weeks=weeks)) for weeks in (1, 2)
    )
    # With a meeting each week, the second would be at the time of the other circle's.
    each_week = {"first_day": next_week, "weeks_between": "1"}
    for values in ({}, {"first_day": later}, each_week):
        answer = starts(story, second, program, **values)
        assert starting.BUSY in json.loads(answer.body)["errors"].values()
    with story.rt.read_session() as session:
        assert len(session.scalars(select(CircleSeason)).all()) == 1
    # In the weeks between, the other circle does not meet.
    starts(story, second, program, first_day=next_week)
    assert started(story).opened_by == second


@pytest.mark.deep
def test_a_forgotten_starter_leaves_no_theme_and_no_name(story: Story, program: int):
    season, _, people = circle(story, program)
    forget(story, people[0])
    story.deliver()
    row = started(story)
    assert (row.id, row.theme) == (season, "")
    assert people[0] not in row.opened_by
    assert circles_of(story, season)[0][1] == people[1:]
    assert messages_with(story, people[1], "can't come to your circle from now on")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("theme", ""),
        ("theme", " \u200b "),
        ("theme", "x" * 40_000),
        ("brings", "x" * 201),
        ("first_day", None),
        ("first_day", "2026-03-01"),
        ("first_day", "2027-03-01"),
        ("first_day", "2026-W12-1"),
        ("first_time", "25:00"),
        ("places", "3"),
        ("places", "8"),
        ("meetings", "0"),
        ("weeks_between", "x"),
        ("minutes", "5"),
    ],
)
def test_bad_values_start_nothing(
    story: Story, program: int, field: str, value: object
):
    [person] = has_people(story, program, 1)
    answer = starts(story, person, program, **{field: value})
    assert list(json.loads(answer.body)["errors"]) == [field]
    with story.rt.read_session() as session:
        assert session.scalars(select(CircleSeason)).all() == []


def test_the_first_meeting_leaves_a_day_to_take_places(story: Story, program: int):
    [person] = has_people(story, program, 1)
    today = (story.clock.now + timedelta(hours=2)).date()
    answer = starts(story, person, program, first_day=str(today), first_time="23:59")
    assert "Leave the others a day" in str(answer.body)


@pytest.mark.parametrize(
    ("days", "expected"), [(0, "2026-03-09"), (4, "2026-03-13"), (5, "2026-03-16")]
)
def test_the_form_suggests_a_working_day_a_week_ahead(
    story: Story, program: int, days: int, expected: str
):
    [person] = has_people(story, program, 1)
    # It is Monday, 2 March.
    story.clock.now += timedelta(days=days)
    form = start_form(story, person)
    [first] = [b for b in form["blocks"] if b.get("block_id") == "first_day"]
    assert first["element"]["initial_date"] == expected
