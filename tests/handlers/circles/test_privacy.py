"""Secrets of circles: who avoids whom, what people bring, and what is left of them."""

from datetime import timedelta

from sqlalchemy import func, select

from bot.circles import personal_data
from models import Circle, CircleMember, CircleSignup, DoNotPair
from tests.factories import Story
from tests.personal_data import forget
from tests.seasons import (
    circle_of,
    circles_of,
    forms_circles,
    has_people,
    messages_with,
    opens_season,
    press,
    season_with,
    shown,
    signs_up,
    text_of,
)
from tests.slack_payloads import CHAMPION, form_values

SECRET = "How do I tell my boss"


def avoids(story: Story, member: str, other: str) -> None:
    with story.rt.write(story.workspace) as tx:
        tx.session.add(
            DoNotPair(
                installation_id=tx.workspace.id,
                member=member,
                other=other,
                source="own",
            )
        )


def test_people_who_avoid_each_other_are_apart_and_a_lead_does_not_learn_why(
    story: Story, program: int
):
    people = has_people(story, program, 12)
    avoids(story, people[0], people[1])
    season = opens_season(story, program)
    for person in people:
        signs_up(story, person, season)
    forms_circles(story)
    circles = circles_of(story, season)
    [own] = [members for _, members in circles if people[0] in members]
    assert people[1] not in own
    [(there, _)] = [each for each in circles if people[1] in each[1]]
    # There is a free place, but not for this person.
    form = press(story, CHAMPION, "move", season)
    values = form_values(form) | {"person": people[0], "circle": str(there)}
    answer = story.submit(CHAMPION, form, values)
    assert "doesn't work for this person" in str(answer.body)
    assert sorted(circles_of(story, season)) == sorted(circles)


def test_a_forgotten_person_is_in_no_circle_and_brought_nothing(
    story: Story, program: int
):
    season, circle, people = circle_of(story, program)
    forget(story, people[0])
    assert circles_of(story, season) == [(circle, people[1:])]
    with story.rt.read_session() as session:
        for model in (CircleMember, CircleSignup):
            rows = select(func.count()).select_from(model).filter_by(member=people[0])
            assert session.scalar(rows) == 0
        assert people[0] not in text_of(session.scalars(select(Circle.reasons)).all())


def test_what_people_brought_is_deleted_90_days_after_the_season(
    story: Story, program: int
):
    people = has_people(story, program, 6)
    season = opens_season(story, program)
    for person in people:
        signs_up(story, person, season, brings=SECRET)

    def brought() -> set[str]:
        with story.rt.write(story.workspace) as tx:
            personal_data.purge(tx)
            return set(tx.session.scalars(select(CircleSignup.brings)))

    assert brought() == {SECRET}
    # The first day is 23 March, and the last meeting at most 12 weeks later.
    story.clock.now += timedelta(days=200)
    assert brought() == {""}


def test_what_a_person_brings_is_in_no_message_to_others(story: Story, program: int):
    season = season_with(story, program, 5)
    signs_up(story, "U0C00", season, brings=SECRET)
    forms_circles(story)
    press(story, CHAMPION, "preview", f"{season}:0")
    press(story, CHAMPION, "invite", season)
    story.deliver()
    assert SECRET not in text_of(shown(story))
    for member in (CHAMPION, "U0C01"):
        assert not messages_with(story, member, SECRET)
