"""A season of circles, from its opening to circles that agreed and have times."""

import pytest

from models import Circle, CircleSeason
from tests.factories import Story
from tests.programs import presses
from tests.seasons import (
    AFTER_SIGNUP,
    circle_of,
    circles_of,
    forms_circles,
    has_people,
    invites,
    messages_with,
    opens_season,
    press,
    signs_up,
    text_of,
)
from tests.slack_payloads import CHAMPION, HELP_CHANNEL, form_values

SECRET = "How do I tell my boss"


@pytest.mark.deep
def test_a_season_becomes_circles_with_an_agreed_page(story: Story, program: int):
    people = has_people(story, program, 12)
    season = opens_season(story, program, theme="Giving feedback")
    assert messages_with(story, people[0], "You can sign up for a circle")
    for person in people:
        answer = signs_up(story, person, season, brings=SECRET)
        assert "You're on the list" in text_of(answer)
    forms_circles(story)
    assert messages_with(story, CHAMPION, "2 circles are formed of 12 people")
    view = press(story, CHAMPION, "preview", f"{season}:0")
    assert "Circle 1" in text_of(view)
    # What they bring is for the circle only.
    assert SECRET not in text_of(view)
    assert not messages_with(story, people[0], "There is a place for you")
    invites(story, season)
    circles = circles_of(story, season)
    assert [len(mates) for _, mates in circles] == [6, 6]
    for circle, mates in circles:
        for person in mates:
            assert messages_with(story, person, "There is a place for you")
            press(story, person, "take", circle)
    story.deliver()
    circle, mates = circles[0]
    for person in mates:
        [welcome] = messages_with(story, person, "Your circle is complete: 6")
        assert "I agree" in welcome
        page = press(story, person, "see", circle)
        assert SECRET in text_of(page)
        press(story, person, "agree", circle)
    assert "All of you agreed" in text_of(press(story, mates[0], "see", circle))


def test_the_first_facilitator_chooses_a_time_and_all_get_a_calendar(
    story: Story, program: int
):
    _, circle, people = circle_of(story, program)
    facilitator, other = people[:2]
    form = press(story, facilitator, "change", circle)
    times = next(b for b in form["blocks"] if b["block_id"] == "time")
    options = times["element"]["options"]
    assert len(options) == 3
    second = press(story, other, "change", circle)
    assert "time" not in form_values(second)
    third = press(story, facilitator, "change", circle)
    chosen = {"time": options[1]["value"], "call_link": "https://call.example/x"}
    response = story.submit(facilitator, form, form_values(form) | chosen)
    assert response.status == 200
    story.deliver()
    files = [f for f in story.slack.files.values() if f.member == other]
    assert len(files) == 1
    assert files[0].content.count(b"BEGIN:VEVENT") == 6
    assert "Your meetings" in text_of(press(story, other, "see", circle))

    def stored() -> tuple[str, str, int]:
        with story.rt.read_session() as session:
            row = session.get_one(Circle, circle)
            at = int(row.starts_at.timestamp()) if row.starts_at else 0
            return row.goal, row.call_link, at

    # Forms that were open meanwhile change only the fields that were changed in them.
    story.submit(other, second, form_values(second) | {"goal": "Speak & listen"})
    story.submit(facilitator, third, form_values(third))
    link, at = chosen["call_link"], int(options[1]["value"])
    assert stored() == ("Speak &amp; listen", link, at)
    fourth = press(story, facilitator, "change", circle)
    story.submit(facilitator, fourth, form_values(fourth) | {"call_link": ""})
    assert stored() == ("Speak &amp; listen", "", at)
    # A time that was shown as chosen is no choice if another one is chosen meanwhile.
    late, early = (press(story, facilitator, "change", circle) for _ in range(2))
    moved = {"time": options[0]["value"]}
    story.submit(facilitator, early, form_values(early) | moved)
    story.submit(facilitator, late, form_values(late) | {"goal": ""})
    assert stored() == ("", "", int(options[0]["value"]))


@pytest.mark.deep
def test_the_calendar_comes_in_ones_hours_unless_one_asks_for_it(
    story: Story, program: int
):
    _, circle, people = circle_of(story, program)
    facilitator, other = people[:2]
    form = press(story, facilitator, "change", circle)
    times = next(b for b in form["blocks"] if b["block_id"] == "time")
    chosen = {"time": times["element"]["options"][1]["value"]}
    # Ten in the evening in Helsinki.
    story.clock.now = AFTER_SIGNUP.replace(hour=20)
    story.submit(facilitator, form, form_values(form) | chosen)
    story.deliver()
    assert not story.slack.files
    press(story, other, "calendar", circle)
    story.deliver()
    assert [file.member for file in story.slack.files.values()] == [other]
    story.advance(hours=14)
    assert {file.member for file in story.slack.files.values()} == {*people}


@pytest.mark.deep
def test_who_paused_the_program_is_not_told_of_a_season_nor_placed(
    story: Story, program: int
):
    people = has_people(story, program, 7)
    presses(story, people[0], "pause", program)
    season = opens_season(story, program)
    assert not messages_with(story, people[0], "circle")
    assert messages_with(story, people[1], "circle")
    for person in people[1:]:
        signs_up(story, person, season)
    presses(story, people[1], "pause", program)
    forms_circles(story)
    [(_, placed)] = circles_of(story, season)
    assert sorted(placed) == people[2:]


def test_a_program_without_a_channel_tells_nobody_of_its_season(
    story: Story, program: int
):
    [person] = has_people(story, program, 1)
    form = press(story, CHAMPION, "new_season", "new")
    story.submit(CHAMPION, form, form_values(form) | {"program": str(program)})
    story.event({"type": "channel_archive", "channel": HELP_CHANNEL})
    story.deliver()
    assert not messages_with(story, person, "circle")
    story.event({"type": "channel_unarchive", "channel": HELP_CHANNEL})
    story.advance(hours=1, minutes=1)
    assert messages_with(story, person, "circle")


def test_a_lead_writes_questions_with_the_season(story: Story, program: int):
    season = opens_season(story, program, questions="One?\nTwo?\n\nThree?")
    with story.rt.read_session() as session:
        stored = session.get_one(CircleSeason, season).questions
    assert stored == "One?\nTwo?\n\nThree?"
