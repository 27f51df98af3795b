"""Places: taken, given back, passed on, left; and people who come later."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import jobs.circles
from bot.circles.seasons import NO_CIRCLES
from tests.factories import Story
from tests.programs import joins_program, make_program
from tests.seasons import (
    AFTER_SIGNUP,
    PEOPLE,
    circle_of,
    circles_of,
    forms_circles,
    has_people,
    invites,
    messages_with,
    opens_season,
    passes_on,
    places_of,
    press,
    season_with,
    shown,
    signs_up,
    signup_of,
    text_of,
)
from tests.slack_payloads import CHAMPION, button, form_values, user_object


@pytest.mark.deep
def test_a_place_not_taken_in_three_working_days_goes_to_the_next(
    story: Story, program: int
):
    season = season_with(story, program, 7)
    forms_circles(story)
    invites(story, season)
    [(circle, people)] = circles_of(story, season)
    silent, *others = people
    for person in others:
        press(story, person, "take", circle)
    late = "U0LATE"
    signs_up_late(story, program, late, season)
    assert not messages_with(story, late, "There is a place for you")
    # Monday to Thursday at the same hour are three working days.
    story.advance(days=2, hours=23)
    passes_on(story)
    assert [p.left_at for p in places_of(story, silent)] == [None]
    story.advance(hours=2)
    passes_on(story)
    [place] = places_of(story, silent)
    assert place.left_at is not None
    assert messages_with(story, late, "There is a place for you")
    # It is too late then, and nobody learns of it.
    story.click(silent, "circle_take", str(circle), channel="D1")
    assert places_of(story, silent)[0].taken_at is None
    for person in others:
        assert not messages_with(story, person, "can't come to your circle")
    press(story, late, "take", circle)
    story.deliver()
    assert messages_with(story, others[0], "Your circle is complete: 7")


def signs_up_late(story: Story, program: int, member: str, season: int) -> None:
    """Join the program and sign up after the circles were formed."""
    story.slack.people[member] = user_object(member, "Lee")
    joins_program(story, member, program)
    signs_up(story, member, season)
    story.deliver()


@pytest.mark.deep
def test_a_latecomer_gets_a_free_place_and_nobody_else_moves(
    story: Story, program: int
):
    season, circle, people = circle_of(story, program)
    signs_up_late(story, program, "U0LATE", season)
    assert messages_with(story, "U0LATE", "There is a place for you")
    assert circles_of(story, season) == [(circle, [*people, "U0LATE"])]


@pytest.mark.deep
def test_a_no_is_told_to_nobody(story: Story, program: int):
    season = season_with(story, program, 6)
    forms_circles(story)
    invites(story, season)
    [(circle, people)] = circles_of(story, season)
    press(story, people[0], "decline", circle)
    press(story, people[0], "decline", circle)
    for person in people[1:]:
        press(story, person, "take", circle)
    story.deliver()
    for person in people[1:]:
        assert messages_with(story, person, "Your circle is complete: 5")
        assert not messages_with(story, person, "has left")
    view = press(story, CHAMPION, "preview", f"{season}:0")
    assert "have not answered" not in text_of(view)


def test_those_who_stay_learn_who_left_without_a_reason(story: Story, program: int):
    season, circle, people = circle_of(story, program)
    press(story, people[0], "leave", circle)
    story.deliver()
    assert circles_of(story, season) == [(circle, people[1:])]
    assert messages_with(
        story, people[1], "can't come to your circle from now on. You are 5 now"
    )
    assert not messages_with(story, people[0], "can't come to your circle")
    # The page is closed to people who left.
    press(story, people[0], "see", circle)
    assert "That circle is gone" in text_of(story.slack.views[-1])


def test_who_leaves_the_program_leaves_its_circle_at_once(story: Story, program: int):
    season, circle, people = circle_of(story, program)
    story.click(people[0], "program_leave", str(program), channel="D1")
    assert circles_of(story, season) == [(circle, people[1:])]
    story.deliver()
    [text] = messages_with(story, people[1], "can't come to your circle from now on")
    assert "left" not in text
    assert "You are 5 now" in text
    # The place is gone, also for someone who comes back; nobody is told twice.
    story.click(people[0], "program_come_back", str(program), channel="D1")
    story.click(people[0], "program_leave", str(program), channel="D1")
    story.deliver()
    assert circles_of(story, season) == [(circle, people[1:])]
    assert len(messages_with(story, people[1], "can't come to your circle")) == 1


def test_the_place_of_one_who_leaves_the_program_goes_to_the_next(
    story: Story, program: int
):
    season = season_with(story, program, 7)
    forms_circles(story)
    invites(story, season)
    [(_, people)] = circles_of(story, season)
    signs_up_late(story, program, "U0LATE", season)
    assert not messages_with(story, "U0LATE", "There is a place for you")
    story.click(people[0], "program_leave", str(program), channel="D1")
    story.deliver()
    assert messages_with(story, "U0LATE", "There is a place for you")
    # The place was not taken: the others never heard of them.
    assert not messages_with(story, people[1], "can't come to your circle")


@pytest.mark.deep
def test_who_left_the_program_is_not_told_that_there_was_no_circle(
    story: Story, program: int
):
    season_with(story, program, 3)
    story.clock.now = AFTER_SIGNUP
    jobs.circles.form_circles(story.rt, story.worker)
    story.click("U0C00", "program_leave", str(program), channel="D1")
    story.deliver()
    assert not messages_with(story, "U0C00", "There are too few people for one")
    assert messages_with(story, "U0C01", "There are too few people for one")


def test_one_can_leave_the_program_in_the_message_about_a_season(
    story: Story, program: int
):
    [person] = has_people(story, program, 1)
    opens_season(story, program)
    [message] = [
        message
        for message in story.slack.messages_to(person)
        if "Leave the program" in text_of(message.blocks)
    ]
    story.click(person, *button(message, "Leave the program"), channel="D1")
    assert "You left Reviewers." in story.slack.replaced_texts[-1]


@pytest.mark.deep_on_postgresql
def test_people_who_leave_the_program_at_the_same_time(story: Story, program: int):
    season, circle, people = circle_of(story, program)

    def press_button(person: str) -> int:
        if person == people[5]:
            press(story, person, "leave", circle)
            return 200
        click = story.click(person, "program_leave", str(program), channel="D1")
        return int(click.status)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(press_button, people[2:])) == {200}
    story.deliver()
    assert circles_of(story, season) == [(circle, people[:2])]


def test_who_leaves_another_program_keeps_the_circle(story: Story, program: int):
    season, circle, people = circle_of(story, program)
    other = make_program(story, "Others", leads=(CHAMPION,))
    joins_program(story, people[0], other)
    story.click(people[0], "program_leave", str(other), channel="D1")
    assert circles_of(story, season) == [(circle, people)]


def test_who_leaves_the_program_before_the_invitation_gets_no_place(
    story: Story, program: int
):
    season = season_with(story, program, 6)
    forms_circles(story)
    [(circle, people)] = circles_of(story, season)
    story.click(people[0], "program_leave", str(program), channel="D1")
    # Not even the leads' preview shows them.
    assert circles_of(story, season) == [(circle, people[1:])]
    invites(story, season)
    assert circles_of(story, season) == [(circle, people[1:])]
    assert not messages_with(story, people[0], "There is a place for you")


def test_a_program_that_ended_forms_no_circles(story: Story, program: int):
    season = season_with(story, program, 6)
    story.click(CHAMPION, "program_end", str(program), view={"type": "modal"})
    forms_circles(story)
    assert circles_of(story, season) == []


def test_three_people_get_no_circle_and_are_told(story: Story, program: int):
    season = season_with(story, program, 3)
    forms_circles(story)
    assert circles_of(story, season) == []
    # The lead has nothing to press, and need not be reminded.
    story.advance(days=7)
    assert len(messages_with(story, CHAMPION, "too few for a circle")) == 1
    for person in list(PEOPLE)[:3]:
        [told] = messages_with(story, person, "There are too few people for one")
        assert "/backswing pairs" in str(told)
    # No place can come free, so nobody else is put on a list for one.
    story.slack.people["U0LATE"] = user_object("U0LATE", "Lee")
    joins_program(story, "U0LATE", program)
    assert NO_CIRCLES in text_of(press(story, "U0LATE", "sign_up", season))
    assert signup_of(story, "U0LATE", season) is None
    story.command("U0LATE", "/backswing", "circles")
    assert "Sign up" not in text_of(shown(story))
    # Those who signed up can still take it back.
    story.command("U0C00", "/backswing", "circles")
    assert "Take it back" in text_of(shown(story))


@pytest.mark.parametrize(("count", "sizes"), [(4, [4]), (8, [4, 4]), (9, [5, 4])])
@pytest.mark.deep
def test_few_people_are_in_small_circles_and_told(
    story: Story, program: int, count: int, sizes: list[int]
):
    season = season_with(story, program, count)
    forms_circles(story)
    invites(story, season)
    circles = circles_of(story, season)
    assert sorted((len(p) for _, p in circles), reverse=True) == sizes
    person = min((p for _, p in circles), key=len)[0]
    assert messages_with(story, person, "This time it is a small circle")


@pytest.mark.deep_on_postgresql
def test_a_sign_up_that_is_taken_back_counts_for_nothing(story: Story, program: int):
    people = has_people(story, program, 6)
    season = opens_season(story, program)
    for person in people:
        signs_up(story, person, season, brings="My question")
    press(story, people[0], "withdraw", season)
    row = signup_of(story, people[0], season)
    assert row is not None
    assert (row.is_signed_up, row.brings) == (False, "")
    forms_circles(story)
    [(_, formed)] = circles_of(story, season)
    assert sorted(formed) == people[1:]


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_lead_moves_a_person_and_nobody_else_moves(story: Story, program: int):
    season = season_with(story, program, 11)
    forms_circles(story)
    (first, small), (second, large) = sorted(
        circles_of(story, season), key=lambda each: len(each[1])
    )
    form = press(story, CHAMPION, "move", season)
    values = {"person": large[0], "circle": str(first)}
    response = story.submit(CHAMPION, form, form_values(form) | values)
    assert response.status == 200
    after = dict(circles_of(story, season))
    assert sorted(after[first]) == sorted([*small, large[0]])
    assert sorted(after[second]) == sorted(large[1:])
    # Nobody is told before the invitation.
    story.deliver()
    assert not messages_with(story, large[0], "There is a place for you")


def test_a_person_who_was_deactivated_loses_the_place(story: Story, program: int):
    season, circle, people = circle_of(story, program)
    story.slack.people[people[0]] |= {"deleted": True}
    story.event({"type": "user_change", "user": story.slack.people[people[0]]})
    passes_on(story)
    assert circles_of(story, season) == [(circle, people[1:])]


@pytest.mark.deep
def test_two_replicas_form_a_season_once(story: Story, program: int):
    season = season_with(story, program, 6)
    forms_circles(story)
    forms_circles(story, AFTER_SIGNUP)
    assert len(circles_of(story, season)) == 1
    assert len(messages_with(story, CHAMPION, "1 circle is formed")) == 1
    invites(story, season)
    invites(story, season)
    assert len(messages_with(story, "U0C00", "There is a place for you")) == 1


def test_a_season_that_ends_early_ends_its_circles(story: Story, program: int):
    season, circle, people = circle_of(story, program)
    press(story, CHAMPION, "end_season", season)
    assert circles_of(story, season) == []
    press(story, people[0], "see", circle)
    assert "That circle is gone" in text_of(story.slack.views[-1])
