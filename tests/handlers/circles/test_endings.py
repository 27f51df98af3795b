"""The end of a season: the last questions, and a way to go on together."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

import jobs.circles
from models import Circle, CircleSeason
from tests.factories import Story
from tests.handlers.circles.test_started import circle as started_circle
from tests.handlers.circles.test_started import started, takes_place
from tests.programs import presses
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
from tests.slack_payloads import CHAMPION, form_values

ENDED = "Your circle has ended"
AGAIN = "starts a circle with the people of your last one"


def ends_seasons(story: Story) -> None:
    jobs.circles.end_seasons(story.rt, story.worker)
    story.deliver()


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
    story.clock.now += timedelta(days=3)
    for _ in range(2):
        ends_seasons(story)
    for person in people:
        [message] = messages_with(story, person, ENDED)
        assert "What did you get from it?" in message
        others = set(people) - {person}
        assert all(PEOPLE[other] in message for other in others)
    assert circles_of(story, season) == []


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
