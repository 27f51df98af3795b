"""The form of programs, filled in page by page, and the modals around it."""

import json
from typing import Any

from sqlalchemy import select

from models import Program
from tests.factories import Story
from tests.slack_payloads import ADMIN, HELP_CHANNEL, form_values

ABOUT = {
    "name": "New managers",
    "audience": "People who lead a team for the first time",
    "goal": "Solve what comes up together",
    "benefit": "Three peers to ask",
}
RULES: dict[str, Any] = {
    "time_needed": "10 minutes a week",
    "rules": "What you read here stays here.\nAsk early.",
    "starts_on": "2026-03-02",
    "ends_on": "2026-06-30",
    "joining": "open",
    "guests_may_join": [],
    "coffee": "auto",
    "exchange": "auto",
    "buddies": "auto",
}
PEOPLE: dict[str, Any] = {"leads": [ADMIN], "channels": [HELP_CHANNEL]}


def shown(story: Story) -> dict[str, Any]:
    """Return the view that the bot has shown last."""
    return story.slack.views[-1][1]


def open_list(story: Story, member: str = ADMIN) -> dict[str, Any]:
    assert story.command(member, "/backswing", "program").status == 200
    return shown(story)


def press(
    story: Story,
    action_id: str,
    value: object = "",
    member: str = ADMIN,
    view: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Press a button in a modal; return the view that the bot shows then."""
    shown_before = len(story.slack.views)
    in_view = view or {"type": "modal", "blocks": []}
    assert story.click(member, action_id, str(value), view=in_view).status == 200
    assert len(story.slack.views) > shown_before
    return shown(story)


def next_page(
    story: Story, view: dict[str, Any], values: dict[str, Any], member: str = ADMIN
) -> dict[str, Any]:
    """Fill in fields of a page and submit it; return the page after it."""
    before = form_values(view)
    response = story.submit(member, view, before | values, view_id="VFORM")
    assert response.status == 200
    answer = json.loads(response.body)
    assert answer["response_action"] == "update", answer
    page: dict[str, Any] = answer["view"]
    return page


def save(
    story: Story,
    view: dict[str, Any],
    values: dict[str, Any],
    member: str = ADMIN,
    view_id: str = "VFORM",
) -> Any:
    return story.submit(member, view, form_values(view) | values, view_id=view_id)


def last_page(
    story: Story, first: dict[str, Any], member: str = ADMIN, **changes: Any
) -> dict[str, Any]:
    """Fill in the first two pages of the form; return the last one."""
    fields = {**ABOUT, **RULES, **changes}
    about = {name: fields[name] for name in ABOUT}
    rules = {name: fields[name] for name in RULES}
    return next_page(story, next_page(story, first, about, member), rules, member)


def make(story: Story, member: str = ADMIN, **changes: Any) -> Program:
    """Make a program with the form, as a draft; return its row."""
    form = press(story, "program_new", "new", member)
    page = last_page(story, form, member, **changes)
    people = {name: changes.get(name, value) for name, value in PEOPLE.items()}
    before = {program.id for program in programs(story)}
    response = save(story, page, people, member, view_id=f"V{story.ts()}")
    assert response.status == 200
    assert not response.body, response.body
    [program] = [each for each in programs(story) if each.id not in before]
    return program


def open_program(story: Story, member: str = ADMIN, **changes: Any) -> Program:
    """Make a program with the form, and open it."""
    program = make(story, member, **changes)
    press(story, "program_open", program.id, member)
    return find(story, program.id)


def change_form(story: Story, program: Program, member: str = ADMIN) -> dict[str, Any]:
    return press(story, "program_change", program.id, member)


def to_last_page(
    story: Story, first: dict[str, Any], member: str = ADMIN, **values: Any
) -> dict[str, Any]:
    """Go to the last page of a form that is filled in, with these other values."""
    view = first
    for _ in range(2):
        fields = form_values(view)
        known_values = {name: values[name] for name in fields if name in values}
        view = next_page(story, view, known_values, member)
    return view


def programs(story: Story) -> list[Program]:
    """Return the programs of the workspace, apart from its own."""
    with story.rt.read_session() as session:
        query = select(Program).filter_by(
            installation_id=story.workspace.id, is_workspace_wide=False
        )
        return list(session.scalars(query.order_by(Program.id)))


def find(story: Story, program_id: int) -> Program:
    with story.rt.read_session() as session:
        return session.get_one(Program, program_id)


def text_of(view: dict[str, Any]) -> str:
    return json.dumps(view, ensure_ascii=False)


def buttons(view: dict[str, Any]) -> list[str]:
    return [
        element["text"]["text"]
        for block in view["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]
