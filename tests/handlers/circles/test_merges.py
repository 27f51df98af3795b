"""Circles that have become too small ask another one, and both decide."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.circles import personal_data
from models import Circle, CircleMerge, CircleMergeAnswer, CircleSeason, CircleSignup
from tests.circles import meeting_of
from tests.factories import Story
from tests.handlers.circles.test_endings import ends_seasons
from tests.handlers.circles.test_times import calendars_of, chooses_time
from tests.quiet import LATE, comes, until
from tests.seasons import (
    circles_of,
    forms_circles,
    invites,
    messages_with,
    passes_on,
    places_of,
    press,
    season_with,
    signs_up,
)


def two_circles(story: Story, program: int, count: int) -> tuple[int, list]:
    """Let two circles of this many people in all be complete."""
    season = season_with(story, program, count)
    forms_circles(story)
    invites(story, season)
    circles = circles_of(story, season)
    for circle, people in circles:
        for person in people:
            press(story, person, "take", circle)
    story.deliver()
    return season, sorted(circles, key=lambda each: -len(each[1]))


def leave(story: Story, circle: int, people: list[str]) -> None:
    for person in people:
        press(story, person, "leave", circle)
    story.deliver()


def offers(story: Story) -> list[tuple[int, bool | None]]:
    with story.rt.read_session() as session:
        rows = session.scalars(select(CircleMerge).order_by(CircleMerge.id))
        return [(row.id, row.is_accepted) for row in rows]


def answer(story: Story, people: list[str], merge: int, word: str = "yes") -> None:
    for person in people:
        press(story, person, f"merge_{word}", merge)
    story.deliver()


@pytest.mark.deep
def test_four_stay_together_and_three_ask_another_circle(story: Story, program: int):
    season, [(small, people), (other, others)] = two_circles(story, program, 9)
    leave(story, small, people[:1])
    assert offers(story) == []
    leave(story, small, people[1:2])
    [(merge, _)] = offers(story)
    stay = people[2:]
    assert messages_with(story, stay[0], "Your circle has 3 people left")
    assert messages_with(story, others[0], "Another circle has only 3 people left")
    answer(story, stay[:2], merge)
    assert offers(story) == [(merge, None)]
    answer(story, others[:2], merge)
    assert offers(story) == [(merge, True)]
    [(circle, together)] = circles_of(story, season)
    assert circle == other
    assert sorted(together) == sorted([*stay, *others])
    for person in together:
        assert messages_with(story, person, "Your circle is complete: 7")


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_no_of_one_circle_ends_it_and_the_small_one_goes_on(
    story: Story, program: int
):
    season, [(small, people), (_, others)] = two_circles(story, program, 9)
    leave(story, small, people[:2])
    [(merge, _)] = offers(story)
    answer(story, others[:3], merge, "no")
    assert offers(story) == [(merge, False)]
    for person in [*people[2:], *others]:
        assert messages_with(story, person, "The two circles stay apart")
    assert dict(circles_of(story, season))[small] == people[2:]
    # An answer after that changes nothing.
    answer(story, people[2:], merge)
    assert offers(story) == [(merge, False)]
    # Nothing of a no is stored 90 days after the season.
    for days, count in ((0, 1), (91, 0)):
        with story.rt.write(story.workspace) as tx:
            row = tx.session.get_one(CircleSeason, season)
            row.ended_at = tx.now - timedelta(days=days)
            tx.session.flush()
            personal_data.purge(tx)
            answers = tx.session.scalars(select(CircleMergeAnswer.is_yes)).all()
            assert answers.count(False) >= count
            assert bool(answers) == bool(count)


@pytest.mark.deep
def test_nobody_moves_to_a_circle_that_has_ended(story: Story, program: int):
    """After a break of another circle, each has a last day of its own."""
    season, [(small, people), (other, others)] = two_circles(story, program, 9)
    leave(story, small, people[:2])
    [(merge, _)] = offers(story)
    answer(story, others, merge)
    with story.rt.write(story.workspace) as tx:
        last_day = tx.now.date() - timedelta(days=1)
        tx.session.get_one(Circle, other).ends_on = last_day
    ends_seasons(story)
    answer(story, people[2:], merge)
    assert offers(story) == [(merge, False)]
    assert circles_of(story, season) == [(small, people[2:])]
    assert messages_with(story, people[2], "The two circles stay apart")


@pytest.mark.deep
def test_silence_of_three_working_days_is_a_no(story: Story, program: int):
    _, [(small, people), _] = two_circles(story, program, 9)
    leave(story, small, people[:2])
    story.advance(days=3, hours=2)
    passes_on(story)
    assert [accepted for _, accepted in offers(story)] == [False]


@pytest.mark.deep
def test_a_larger_circle_gives_up_those_who_want_to_move(story: Story, program: int):
    season, [(small, people), (other, others)] = two_circles(story, program, 12)
    leave(story, small, people[:3])
    [(merge, _)] = offers(story)
    [mover] = [
        person
        for person in others
        if messages_with(story, person, "Would you move to it?")
    ]
    rest = [person for person in others if person != mover]
    answer(story, [*people[3:], *rest], merge)
    assert offers(story) == [(merge, None)]
    answer(story, [mover], merge)
    after = dict(circles_of(story, season))
    assert sorted(after[small]) == sorted([*people[3:], mover])
    assert sorted(after[other]) == sorted(rest)


@pytest.mark.deep
def test_the_person_who_would_move_decides_for_themselves(story: Story, program: int):
    season, [(small, people), (other, others)] = two_circles(story, program, 12)
    leave(story, small, people[:3])
    [(merge, _)] = offers(story)
    [mover] = [
        person
        for person in others
        if messages_with(story, person, "Would you move to it?")
    ]
    answer(story, [mover], merge, "no")
    assert offers(story) == [(merge, False)]
    assert dict(circles_of(story, season))[other] == others


@pytest.mark.deep
def test_circles_merge_after_the_meeting_of_one_of_them(story: Story, program: int):
    season, [(small, people), (_, others)] = two_circles(story, program, 9)
    at = chooses_time(story, people[0], small)
    until(story, at - timedelta(minutes=10))
    leave(story, small, people[:2])
    [(merge, _)] = offers(story)
    answer(story, [*people[2:], *others], merge)
    passes_on(story)
    # Those who meet can go on.
    assert offers(story) == [(merge, None)]
    value = f"{meeting_of(story).id}:0:0"
    story.click(people[2], "meeting_lead", value)
    story.advance(seconds=11)
    story.click(people[2], "meeting_start", value)
    assert meeting_of(story).started_at is not None
    until(story, at + timedelta(hours=3))
    assert offers(story) == [(merge, True)]
    [(_, together)] = circles_of(story, season)
    assert sorted(together) == sorted([*people[2:], *others])


@pytest.mark.deep
@pytest.mark.parametrize(("word", "places"), [("yes", 0), ("no", 1)])
def test_nobody_is_offered_a_place_that_a_merge_needs(
    story: Story, program: int, word: str, places: int
):
    season, [(small, people), (_, others)] = two_circles(story, program, 9)
    leave(story, small, people[:2])
    [(merge, _)] = offers(story)
    comes(story, program)
    signs_up(story, LATE, season)
    passes_on(story)
    assert places_of(story, LATE) == []
    answer(story, [*people[2:], *others], merge, word)
    assert offers(story) == [(merge, word == "yes")]
    assert len(places_of(story, LATE)) == places


@pytest.mark.deep
def test_people_outside_have_no_say(story: Story, program: int):
    _, [(small, people), _] = two_circles(story, program, 9)
    leave(story, small, people[:2])
    [(merge, _)] = offers(story)
    answer(story, people[:2], merge, "no")
    assert offers(story) == [(merge, None)]


@pytest.mark.deep
def test_people_who_move_get_the_time_of_the_other_circle(story: Story, program: int):
    season, [(small, people), (other, others)] = two_circles(story, program, 9)
    at = chooses_time(story, others[0], other)
    leave(story, small, people[:2])
    [(merge, _)] = offers(story)
    [question] = messages_with(story, people[2], "Your circle has 3 people left")
    assert str(int(at.timestamp())) in question
    answer(story, [*people[2:], *others], merge)
    assert [accepted for _, accepted in offers(story)] == [True]
    assert dict(circles_of(story, season)).keys() == {other}
    for person in [*people[2:], *others]:
        assert calendars_of(story, person) == 1


def test_a_circle_asks_none_whose_time_does_not_suit(story: Story, program: int):
    season, [(small, people), (other, others)] = two_circles(story, program, 9)
    at = chooses_time(story, others[0], other)
    with story.rt.write(story.workspace) as tx:
        row = tx.session.get_one(CircleSignup, (season, people[2]))
        row.never = [f"{at.weekday()}-{part}" for part in ("early", "midday", "late")]
    leave(story, small, people[:2])
    assert offers(story) == []
    assert dict(circles_of(story, season))[small] == people[2:]
