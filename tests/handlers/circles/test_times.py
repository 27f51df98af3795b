"""The time of a circle: who chooses it, when, and who comes later."""

from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from bot.circles import busy, service, times
from bot.errors import UserError
from models import Circle, CircleMember, CircleSeason
from tests.factories import Story
from tests.handlers.routing.test_races import at_once
from tests.programs import joins_program
from tests.seasons import (
    PEOPLE,
    circle_of,
    circles_of,
    forms_circles,
    has_people,
    invites,
    messages_with,
    opens_season,
    press,
    season_with,
    signs_up,
    text_of,
)
from tests.slack_payloads import form_values, user_object

FAR, LATE = "Pacific/Auckland", "U0LATE"


def lives_in(story: Story, member: str, zone: str) -> None:
    story.slack.people[member] |= {"tz": zone}
    story.event({"type": "user_change", "user": story.slack.people[member]})


def offered_times(form: dict[str, Any]) -> list[str]:
    for block in form["blocks"]:
        if block["block_id"] == "time":
            return [option["value"] for option in block["element"]["options"]]
    return []


def chooses_time(story: Story, member: str, circle: int) -> datetime:
    """Choose the first of the times that the form offers; return it."""
    form = press(story, member, "change", circle)
    [first, *_] = offered_times(form)
    answer = story.submit(member, form, form_values(form) | {"time": first})
    assert answer.status == 200
    story.deliver()
    return datetime.fromtimestamp(int(first), UTC)


def calendars_of(story: Story, member: str) -> int:
    return sum(file.member == member for file in story.slack.files.values())


def comes_late(story: Story, program: int, season: int, **values: Any) -> None:
    story.slack.people[LATE] = user_object(LATE, "Lee")
    joins_program(story, LATE, program)
    signs_up(story, LATE, season, **values)
    story.deliver()


# What is said here does not depend on the database.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@on_sqlite
@pytest.mark.deep
def test_people_without_a_common_hour_share_no_circle_for_calls(
    story: Story, program: int
):
    people = has_people(story, program, 7)
    lives_in(story, people[6], FAR)
    season = opens_season(story, program)
    for person in people:
        form = press(story, person, "sign_up", season)
        # The season is for calls, so there is no other way to choose.
        assert "In writing" not in text_of(form)
        story.submit(person, form, form_values(form))
    forms_circles(story)
    [(_, together)] = circles_of(story, season)
    assert sorted(together) == people[:6]


@on_sqlite
@pytest.mark.deep
def test_a_circle_in_writing_needs_no_common_hour(story: Story, program: int):
    people = has_people(story, program, 5)
    lives_in(story, people[4], FAR)
    season = opens_season(story, program, in_writing=["yes"])
    for person in people:
        signs_up(story, person, season)
    forms_circles(story)
    [(_, together)] = circles_of(story, season)
    assert sorted(together) == people


@on_sqlite
@pytest.mark.deep
def test_nobody_chooses_a_time_before_all_have_answered(story: Story, program: int):
    season = season_with(story, program, 6)
    forms_circles(story)
    invites(story, season)
    [(circle, people)] = circles_of(story, season)
    press(story, people[0], "take", circle)
    form = press(story, people[0], "change", circle)
    assert offered_times(form) == []
    for person in people[1:]:
        press(story, person, "take", circle)
    story.deliver()
    runs = people[0]
    assert len(offered_times(press(story, runs, "change", circle))) == 3


@on_sqlite
@pytest.mark.deep
def test_after_two_working_days_anyone_in_the_circle_may_choose(
    story: Story, program: int
):
    _, circle, people = circle_of(story, program)
    other = people[3]
    # It is Monday.
    story.advance(days=1, hours=20)
    assert offered_times(press(story, other, "change", circle)) == []
    assert not messages_with(story, other, "has no time yet")
    story.advance(hours=6)
    for person in people:
        [reminder] = messages_with(story, person, "Your circle has no time yet")
        assert "Choose a time" in reminder
    chooses_time(story, other, circle)
    assert calendars_of(story, people[0]) == 1
    # Then it is the facilitator's to change.
    assert offered_times(press(story, people[4], "change", circle)) == []
    assert offered_times(press(story, people[0], "change", circle))


@on_sqlite
def test_a_time_that_is_chosen_needs_no_reminder(story: Story, program: int):
    _, circle, people = circle_of(story, program)
    chooses_time(story, people[0], circle)
    story.advance(days=3)
    for person in people:
        assert not messages_with(story, person, "has no time yet")


@on_sqlite
@pytest.mark.deep
def test_a_newcomer_gets_the_calendar_and_the_others_read_who_came(
    story: Story, program: int
):
    season, circle, people = circle_of(story, program)
    at = chooses_time(story, people[0], circle)
    comes_late(story, program, season)
    [offer] = messages_with(story, LATE, "There is a place for you")
    assert f"{int(at.timestamp())}" in offer
    press(story, LATE, "take", circle)
    story.deliver()
    assert calendars_of(story, LATE) == 1
    [welcome] = messages_with(story, LATE, "Your circle is complete: 7")
    assert "You first meet on" in welcome
    for person in people:
        assert messages_with(story, person, "Lee joined your circle. You are 7 now")
    assert not messages_with(story, LATE, "joined your circle")


@on_sqlite
def test_nobody_gets_a_place_in_a_circle_that_meets_when_they_can_not(
    story: Story, program: int
):
    season, circle, people = circle_of(story, program)
    at = chooses_time(story, people[0], circle)
    day = at.weekday()
    never = {f"never_{part}": [f"{day}-{part}"] for part in ("early", "midday", "late")}
    comes_late(story, program, season, **never)
    assert not messages_with(story, LATE, "There is a place for you")


@on_sqlite
def test_a_chosen_time_stays_when_someone_from_afar_comes(story: Story, program: int):
    """The circle's zone, which most are in, keeps its meetings at one time of day."""
    season, circle, people = circle_of(story, program)
    for person in people:
        lives_in(story, person, "Europe/Berlin")
    comes_late(story, program, season)
    with story.rt.read_session() as session:
        assert session.get_one(Circle, circle).zone == "Europe/Helsinki"


def two_circles(story: Story, program: int) -> tuple[list[int], list[str]]:
    """Let the same six people be in two circles; return these, and the people."""
    seasons = [season_with(story, program, 6), opens_season(story, program)]
    for person in list(PEOPLE)[:6]:
        signs_up(story, person, seasons[1])
    forms_circles(story)
    circles = []
    for season in seasons:
        invites(story, season)
        [(circle, people)] = circles_of(story, season)
        circles.append(circle)
        for person in people:
            press(story, person, "take", circle)
    story.deliver()
    return circles, people


@pytest.mark.deep
def test_nobody_has_two_circles_at_the_same_hour(story: Story, program: int):
    [first, second], people = two_circles(story, program)
    runs = people[0]
    late = press(story, runs, "change", second)
    offered = offered_times(late)
    at = chooses_time(story, runs, first)
    assert offered[0] == f"{int(at.timestamp())}"
    # The form that was open before offers a time that is taken now.
    answer = story.submit(runs, late, form_values(late) | {"time": offered[0]})
    assert "no longer among those that suit you" in str(answer.body)
    again = offered_times(press(story, runs, "change", second))
    assert len(again) == 3
    assert offered[0] not in again
    # When they leave the first circle, or it ends, the time is free.
    for person in people:
        press(story, person, "leave", first)
    assert offered_times(press(story, runs, "change", second)) == offered


@on_sqlite
@pytest.mark.deep
def test_only_meetings_of_ones_other_circles_take_ones_time(story: Story, program: int):
    circles, people = two_circles(story, program)
    chooses_time(story, people[0], circles[0])

    def busy_people(circle: int) -> set[str]:
        with story.rt.read(story.workspace) as tx:
            row = tx.session.get_one(Circle, circle)
            season = tx.session.get_one(CircleSeason, row.season_id)
            return {*busy.load(tx, season, people)}

    assert busy_people(circles[1]) == {*people}
    assert busy_people(circles[0]) == set()
    press(story, people[1], "leave", circles[0])
    assert busy_people(circles[1]) == {*people} - {people[1]}
    # Someone who has not taken the place yet has no meeting.
    with story.rt.write(story.workspace) as tx:
        place = tx.session.get_one(CircleMember, (circles[0], people[2]))
        place.taken_at = None
    assert busy_people(circles[1]) == {*people} - {people[1], people[2]}
    for change in ({"is_in_writing": True}, {"ended_at": story.clock()}):
        with story.rt.write(story.workspace) as tx:
            row = tx.session.get_one(Circle, circles[0])
            before = {name: getattr(row, name) for name in change}
            for name, value in change.items():
                setattr(row, name, value)
        assert busy_people(circles[1]) == set()
        with story.rt.write(story.workspace) as tx:
            row = tx.session.get_one(Circle, circles[0])
            for name, value in before.items():
                setattr(row, name, value)


@pytest.mark.deep
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.deep_on_postgresql
def test_two_circles_that_choose_one_time_at_once(story: Story, program: int):
    circles, [runs, *_] = two_circles(story, program)
    [chosen, *_] = offered_times(press(story, runs, "change", circles[0]))
    values = SimpleNamespace(text=lambda _: "", chosen=lambda _: chosen)
    refusals = []

    def choose(circle: int) -> None:
        try:
            with story.rt.write(story.workspace) as tx:
                times.change(tx, service.lock(tx, circle), values, by=runs)
        except UserError as error:
            refusals.append(str(error))

    at_once(*(partial(choose, circle) for circle in circles))
    assert refusals == [times.OTHER_TIMES]
    with story.rt.read_session() as session:
        chosen_times = [session.get_one(Circle, each).starts_at for each in circles]
    assert chosen_times.count(None) == 1
