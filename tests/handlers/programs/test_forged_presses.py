"""Forged ids, and people who may not use a program, change nothing."""

import json
from typing import Any

import pytest

from models import Program, ProgramQuestion
from tests.conftest import NOW
from tests.factories import Story
from tests.outsiders import GONE, INVALID_IDS, ROBOT, STRANGER, outsiders
from tests.programs import joins_program, presses
from tests.rows import all_rows
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
)
from tests.workspace import add_other_workspace

SECRET = "What only the other workspace knows"
BUTTONS = (
    *("join", "decline", "ask", "reply", "invite"),
    *("leave", "come_back", "pause", "stay", "seen"),
)
FORMS = ("join", "ask", "reply", "invite")

# Permissions do not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def form(name: str, number: object) -> dict[str, Any]:
    texts = ("question", "answer", "topics_known", "topics_wanted")
    fields = [
        *({"type": "plain_text_input", "action_id": text} for text in texts),
        {"type": "radio_buttons", "action_id": "participation"},
        {"type": "checkboxes", "action_id": "commitment"},
        {"type": "conversations_select", "action_id": "channel"},
        {"type": "multi_users_select", "action_id": "people"},
    ]
    return {
        "type": "modal",
        "callback_id": f"program_{name}",
        "private_metadata": json.dumps(
            {"program": number, "question": number, "rules_version": 1}
        ),
        "blocks": [
            {"type": "input", "block_id": field["action_id"], "element": field}
            for field in fields
        ],
    }


VALUES = {
    "question": "Is it for me?",
    "answer": "Yes.",
    "participation": "calls",
    "commitment": ["yes"],
    "channel": HELP_CHANNEL,
    "people": [HELPER],
}


def try_all(story: Story, member: str, number: object) -> None:
    for name in BUTTONS:
        assert story.click(member, f"program_{name}", str(number)).status == 200
    story.click(member, "program_seen", f"{number}:99")
    for name in FORMS:
        assert story.submit(member, form(name, number), VALUES).status == 200


@pytest.mark.deep
def test_an_invalid_id_changes_nothing(story: Story, program: int) -> None:
    before = all_rows(story)
    for number in INVALID_IDS:
        try_all(story, ADMIN, number)
        assert all_rows(story) == before, number


def test_another_workspaces_program_can_neither_be_seen_nor_changed(
    story: Story, program: int
) -> None:
    with story.rt.write_session.begin() as session:
        other = add_other_workspace(session)
        theirs = Program(
            id=program + 100,
            installation_id=other.id,
            name=SECRET,
            goal=SECRET,
            opened_at=NOW,
        )
        session.add(theirs)
        session.flush()
        session.add(
            ProgramQuestion(
                id=program + 100,
                program_id=theirs.id,
                member=ASKER,
                question=SECRET,
                asked_at=NOW,
            )
        )
    before = all_rows(story)
    for member in (ASKER, CHAMPION, ADMIN):
        try_all(story, member, program + 100)
        assert all_rows(story) == before, member
    assert SECRET not in json.dumps([*story.slack.views, *story.slack.responses])


@pytest.mark.parametrize("person", [STRANGER, ROBOT, GONE])
def test_strangers_bots_and_former_members_do_nothing(
    story: Story, program: int, person: str
) -> None:
    story.slack.people |= outsiders(is_admin=True)
    before = all_rows(story)
    try_all(story, person, program)
    assert all_rows(story) == before
    assert "Reviewers" not in json.dumps([*story.slack.views, *story.slack.responses])


def test_someone_who_was_deactivated_since_does_not_come_back(
    story: Story, program: int
) -> None:
    joins_program(story, ASKER, program)
    presses(story, ASKER, "leave", program)
    story.slack.people[ASKER] |= {"deleted": True}
    story.event({"type": "user_change", "user": story.slack.people[ASKER]})
    before = all_rows(story)
    presses(story, ASKER, "come_back", program)
    assert all_rows(story) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("participation", "never"),
        ("participation", None),
        ("commitment", []),
        ("topics_known", ",".join(map(str, range(51)))),
        ("topics_wanted", "w, " * 700 + "x" * 30_000),
    ],
)
def test_a_forged_answer_stores_nothing_or_what_fits(
    story: Story, program: int, field: str, value: object
) -> None:
    before = all_rows(story)
    answer = story.submit(ASKER, form("join", program), VALUES | {field: value})
    body = json.loads(answer.body)
    if body["response_action"] == "errors":
        assert list(body["errors"]) == [field]
        assert all_rows(story) == before
    else:
        assert field == "topics_wanted"


def test_a_version_that_does_not_exist_is_not_seen(story: Story, program: int) -> None:
    view = form("join", program)
    view["private_metadata"] = json.dumps({"program": program, "rules_version": 10**9})
    story.submit(ASKER, view, VALUES)
    story.click(ASKER, "program_seen", f"{program}:999999")
    with story.rt.read_session() as session:
        rows = all_rows(story)["program_members"]
        assert len(rows) == 1
        assert session.get_one(Program, program).rules_version == 1
    assert "999999" not in rows[0]
    assert "1000000000" not in rows[0]
