"""Seasons of circles, the people who sign up, and the circles that they are in."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

import jobs.circles
from bot.clock import datetime_to_micros
from models import Circle, CircleMember, CircleSeason, CircleSignup
from tests.factories import Story
from tests.programs import store_members
from tests.remembered import played_once
from tests.slack_payloads import CHAMPION, form_values, user_object

# Ten in Helsinki, on a Monday.
AFTER_SIGNUP = datetime(2026, 3, 16, 8, tzinfo=UTC)
PEOPLE = {f"U0C{number:02}": f"Person{number:02}" for number in range(60)}


def shown(story: Story) -> dict[str, Any]:
    return story.slack.views[-1][1]


def text_of(view: object) -> str:
    return json.dumps(view, ensure_ascii=False)


def press(story: Story, member: str, action: str, value: object) -> dict[str, Any]:
    """Press a button in a modal; return the view that the bot shows then, if any."""
    before = len(story.slack.views)
    view = {"type": "modal", "blocks": []}
    response = story.click(member, f"circle_{action}", str(value), view=view)
    assert response.status == 200
    return shown(story) if len(story.slack.views) > before else {}


@played_once
def has_people(story: Story, program: int, count: int) -> list[str]:
    """Store new people as members of a program; return their ids."""
    people = list(PEOPLE)[:count]
    for person in people:
        story.slack.people[person] = user_object(person, PEOPLE[person])
    store_members(story, program, people)
    return people


@played_once
def opens_season(
    story: Story, program: int, lead: str = CHAMPION, **values: Any
) -> int:
    """Open a season with the form; return its id."""
    form = press(story, lead, "new_season", "new")
    assert form["callback_id"] == "circle_season"
    filled = form_values(form) | {"program": str(program)} | values
    response = story.submit(lead, form, filled, view_id=f"V{story.ts()}")
    assert response.status == 200
    assert not response.body, response.body
    story.deliver()
    with story.rt.read_session() as session:
        return (
            session.scalars(
                select(CircleSeason.id).order_by(CircleSeason.id.desc())
            ).first()
            or 0
        )


def signs_up(story: Story, member: str, season: int, **values: Any) -> Any:
    form = press(story, member, "sign_up", season)
    assert form["callback_id"] == "circle_signup", form
    response = story.submit(member, form, form_values(form) | values)
    assert response.status == 200
    return json.loads(response.body)


@played_once
def forms_circles(story: Story, at: datetime = AFTER_SIGNUP) -> None:
    """Let the sign-up be over, and run the job."""
    story.clock.now = at
    jobs.circles.form_circles(story.rt, story.worker)
    story.deliver()


def passes_on(story: Story) -> None:
    jobs.circles.pass_on_places(story.rt, story.worker)
    story.deliver()


@played_once
def invites(story: Story, season: int, lead: str = CHAMPION) -> dict[str, Any]:
    view = press(story, lead, "invite", season)
    story.deliver()
    return view


def circles_of(story: Story, season: int) -> list[tuple[int, list[str]]]:
    """Return the circles with those who have a place, in the order of the rota."""
    with story.rt.read_session() as session:
        circles = session.scalars(
            select(Circle.id)
            .filter_by(season_id=season, ended_at=None)
            .order_by(Circle.number)
        ).all()
        places = select(CircleMember.member).filter_by(left_at=None)
        order = CircleMember.position
        return [
            (
                circle,
                list(
                    session.scalars(places.filter_by(circle_id=circle).order_by(order))
                ),
            )
            for circle in circles
        ]


def places_of(story: Story, member: str) -> list[CircleMember]:
    with story.rt.read_session() as session:
        return list(
            session.scalars(
                select(CircleMember)
                .filter_by(member=member)
                .order_by(CircleMember.circle_id)
            )
        )


def signup_of(story: Story, member: str, season: int) -> CircleSignup | None:
    with story.rt.read_session() as session:
        return session.get(CircleSignup, (season, member))


def messages_with(story: Story, member: str, words: str) -> list[str]:
    """Return the messages to a member that contain some words."""
    every = [text_of([m.text, m.blocks]) for m in story.slack.messages_to(member)]
    return [text for text in every if words in text]


@played_once
def season_with(story: Story, program: int, count: int, **values: Any) -> int:
    """Open a season, and store so many people who signed up for it; return its id."""
    people = has_people(story, program, count)
    season = opens_season(story, program, **values)
    with story.rt.write(story.workspace) as tx:
        tx.session.add_all(
            CircleSignup(
                season_id=season,
                member=person,
                is_signed_up=True,
                event_micros=datetime_to_micros(tx.now),
                signed_up_at=tx.now,
            )
            for person in people
        )
    return season


@played_once
def circle_of(
    story: Story, program: int, count: int = 6, **values: Any
) -> tuple[int, int, list[str]]:
    """Let a circle be complete; return its season, its id and its people."""
    season = season_with(story, program, count, **values)
    forms_circles(story)
    invites(story, season)
    [(circle, people)] = circles_of(story, season)
    for person in people:
        press(story, person, "take", circle)
    story.deliver()
    return season, circle, people
