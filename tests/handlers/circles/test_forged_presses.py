"""Forged ids, and people who may not, change nothing and see nothing."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.circles.vote_rules import Answer
from models import Base
from tests.factories import Story
from tests.programs import joins_program
from tests.seasons import circle_of, opens_season, text_of
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, HELPER, user_object

STRANGER, ROBOT, GONE = "U9ZED", "U9ROBO", "U9GONE"
SECRET = "How do I tell my boss"
BUTTONS = (
    *("new_season", "end_season", "sign_up", "withdraw", "preview", "move", "invite"),
    *("take", "decline", "see", "agree", "change", "calendar", "leave", "start"),
    *("from_ask", "again", "break", "thaw"),
    *(f"vote_{answer}" for answer in Answer),
)
FORMS = ("start", "season", "signup", "move", "change")
NUMBERS = ("", "0", "-1", "x", "9" * 30, "٣", "1 OR 1=1", "null", "1;2", "1:x")

# Permissions do not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def everything(story: Story) -> dict[str, list[str]]:
    with story.rt.read_session() as session:
        return {
            table.name: sorted(str(tuple(r)) for r in session.execute(select(table)))
            for table in Base.metadata.sorted_tables
            if table.name not in {"members", "channels", "channel_members", "programs"}
        }


def form(name: str, number: object) -> dict[str, Any]:
    fields = [
        *(
            {"type": "plain_text_input", "action_id": text}
            for text in ("theme", "brings", "goal", "call_link", "topics_known")
        ),
        *(
            {"type": "radio_buttons", "action_id": choice}
            for choice in ("minutes", "time")
        ),
        *(
            {"type": "static_select", "action_id": choice}
            for choice in ("program", "person", "circle")
        ),
        *(
            {"type": "number_input", "action_id": each}
            for each in ("meetings", "weeks_between", "signup_days", "places")
        ),
        *(
            {"type": "datepicker", "action_id": day}
            for day in ("starts_on", "first_day")
        ),
        {"type": "timepicker", "action_id": "first_time"},
    ]
    return {
        "type": "modal",
        "callback_id": f"circle_{name}",
        "private_metadata": json.dumps({"season": number, "circle": number}),
        "blocks": [
            {"type": "input", "block_id": field["action_id"], "element": field}
            for field in fields
        ],
    }


def values(number: object) -> dict[str, Any]:
    return {
        "brings": "Mine",
        "goal": "Ours",
        "program": str(number),
        "person": HELPER,
        "circle": str(number),
        "meetings": "6",
        "weeks_between": "2",
        "signup_days": "10",
        "minutes": "60",
        "starts_on": "2026-03-23",
        "first_day": "2026-03-23",
        "first_time": "13:00",
        "places": "7",
    }


def try_all(story: Story, member: str, number: object) -> None:
    for name in BUTTONS:
        assert story.click(member, f"circle_{name}", str(number)).status == 200
    for name in FORMS:
        answer = story.submit(member, form(name, number), values(number))
        assert answer.status == 200


@pytest.mark.deep
def test_an_invalid_id_changes_nothing(story: Story, program: int):
    circle_of(story, program)
    before = everything(story)
    for number in NUMBERS:
        try_all(story, CHAMPION, number)
        assert everything(story) == before, number


def test_strangers_bots_and_former_members_do_nothing(story: Story, program: int):
    season, circle, people = circle_of(story, program)
    assert season == circle == 1
    story.slack.people |= {
        STRANGER: user_object(STRANGER, "Zed", team_id="T9", is_admin=True),
        ROBOT: user_object(ROBOT, "Robo", is_bot=True, is_admin=True),
        GONE: user_object(GONE, "Gone", deleted=True, is_admin=True),
    }
    story.slack.views.clear()
    before = everything(story)
    for person in (STRANGER, ROBOT, GONE):
        try_all(story, person, 1)
        assert everything(story) == before, person
    assert people[0] not in text_of(story.slack.views)
    assert "Person" not in text_of(story.slack.views)


@pytest.mark.deep
def test_only_a_circles_members_see_what_is_in_it(story: Story, program: int):
    """Not the lead, not an admin, not others of the program."""
    _, circle, people = circle_of(story, program)
    fill_in(story, people[0], circle)
    joins_program(story, ASKER, program)
    story.slack.views.clear()
    story.slack.responses.clear()
    before = everything(story)
    for person in (CHAMPION, ADMIN, ASKER):
        for name in (
            *("see", "agree", "change", "calendar", "leave", "take", "decline"),
            *("break", "thaw"),
        ):
            story.click(person, f"circle_{name}", str(circle))
        story.submit(person, form("change", circle), values(circle))
        story.command(person, "/backswing", "circles")
    assert everything(story) == before
    assert SECRET not in text_of([story.slack.views, story.slack.responses])


def fill_in(story: Story, member: str, circle: int) -> None:
    """Write a goal as a member of the circle."""
    goal = {"goal": SECRET, "call_link": ""}
    answer = story.submit(member, form("change", circle), goal)
    assert answer.status == 200
    story.click(member, "circle_see", str(circle))
    assert SECRET in text_of(story.slack.views[-1])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("meetings", "2"),
        ("meetings", "25"),
        ("weeks_between", "0"),
        ("signup_days", "61"),
        ("minutes", "7"),
        ("starts_on", "2026-03-03"),
        ("starts_on", "2031-03-03"),
        ("starts_on", None),
        ("theme", "x" * 101),
        ("theme", "x" * 40_000),
        ("program", None),
    ],
)
def test_a_forged_season_is_refused_at_its_field(
    story: Story, program: int, field: str, value: object
):
    before = everything(story)
    filled = values(program) | {field: value}
    answer = story.submit(CHAMPION, form("season", 0), filled)
    assert list(json.loads(answer.body)["errors"]) == [field]
    assert everything(story) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("brings", "x" * 201),
        ("topics_known", ",".join(map(str, range(51)))),
    ],
)
def test_a_forged_sign_up_is_refused_at_its_field(
    story: Story, program: int, field: str, value: object
):
    season = opens_season(story, program)
    joins_program(story, ASKER, program)
    before = everything(story)
    filled = values(program) | {field: value}
    answer = story.submit(ASKER, form("signup", season), filled)
    assert list(json.loads(answer.body)["errors"]) == [field]
    assert everything(story) == before


@pytest.mark.parametrize(
    "link", ["http://x.example", "javascript:1", "https://x|y", "https://" + "x" * 300]
)
def test_a_call_link_is_an_address_and_nothing_else(
    story: Story, program: int, link: str
):
    _, circle, people = circle_of(story, program)
    answer = story.submit(people[0], form("change", circle), {"call_link": link})
    assert list(json.loads(answer.body)["errors"]) == ["call_link"]


def test_harmful_text_is_shown_as_written(story: Story, program: int):
    _, circle, people = circle_of(story, program)
    goal = "<!channel> <@U0B|you> <https://evil.example|bank.example> \u202e*x*"
    story.submit(people[0], form("change", circle), {"goal": goal, "call_link": ""})
    story.click(people[1], "circle_see", str(circle))
    page = text_of(story.slack.views[-1])
    assert "<!channel> <@U0B|you>" in page
    assert "\u202e" not in page
