"""Programs, their invitations, and the people who join."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from bot.clock import datetime_to_micros
from bot.workspace import channels, members
from models import Program, ProgramChannel, ProgramLead, ProgramMember
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.home import opens
from tests.remembered import played_once
from tests.slack_payloads import (
    HELP_CHANNEL,
    NAMES,
    conversation_object,
    form_values,
    user_object,
)

GOAL = "Get better at reviews"


@played_once
def make_program(
    story: Story,
    name: str = "Reviewers",
    *,
    leads: tuple[str, ...] = (),
    in_channels: tuple[str, ...] = (HELP_CHANNEL,),
    **fields: Any,
) -> int:
    """Store a running program; the bot knows its channels and all people."""
    with story.rt.write(story.workspace) as tx:
        for person in {*NAMES, *leads}:
            user = story.slack.people.get(person, user_object(person))
            members.upsert_from_slack(tx, user, team_id=story.team)
        values = {
            "name": name,
            "audience": "People who review code",
            "goal": GOAL,
            "time_needed": "10 minutes a week",
            "benefit": "Shorter reviews",
            "rules": ["Be kind.", "Be short."],
            "opened_at": tx.now,
        }
        program = Program(installation_id=tx.workspace.id, **values | fields)
        tx.session.add(program)
        tx.session.flush()
        for slack_id in in_channels:
            described = story.slack.channels.setdefault(
                slack_id, conversation_object(slack_id, slack_id.lower())
            )
            channel = channels.upsert_from_slack(tx, described)
            tx.session.add(ProgramChannel(program_id=program.id, channel_id=channel.id))
        tx.session.add_all(
            ProgramLead(program_id=program.id, member=lead) for lead in leads
        )
        return program.id


def store_members(story: Story, program_id: int, people: Iterable[str]) -> None:
    """Store people as members who joined a program now, in a twentieth of the time."""
    with story.rt.write(story.workspace) as tx:
        program = tx.session.get_one(Program, program_id)
        for person in people:
            user = story.slack.people[person]
            members.upsert_from_slack(tx, user, team_id=story.team)
            tx.session.add(
                ProgramMember(
                    program_id=program_id,
                    member=person,
                    is_joined=True,
                    event_micros=datetime_to_micros(tx.now),
                    joined_at=tx.now,
                    rules_version=program.rules_version,
                )
            )


def change_program(story: Story, program_id: int, **changes: Any) -> None:
    with story.rt.write(story.workspace) as tx:
        program = tx.session.get_one(Program, program_id)
        for name, value in changes.items():
            setattr(program, name, value)


def last_reply(story: Story) -> str:
    """Return the last text that only the person who pressed could see."""
    return story.slack.responses[-1][1]


def presses(story: Story, member: str, action: str, value: object) -> dict[str, Any]:
    """Press a button of a program; return the view that opens, if any."""
    before = len(story.slack.views)
    assert story.click(member, f"program_{action}", str(value)).status == 200
    return story.slack.views[-1][1] if len(story.slack.views) > before else {}


@played_once
def joins_program(
    story: Story, member: str, program_id: int, **answers: Any
) -> dict[str, Any]:
    """Press Join, fill in the form, and submit it; return the page that follows."""
    view = presses(story, member, "join", program_id)
    assert view["callback_id"] == "program_join"
    values = {**form_values(view), "commitment": ["yes"], **answers}
    response = story.submit(member, view, values)
    assert response.status == 200
    return dict(json.loads(response.body))


def invites(
    story: Story,
    member: str,
    program_id: int,
    *,
    channel: str | None = None,
    people: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Fill in the form to invite people, and submit it; return Slack's answer."""
    view = presses(story, member, "invite", program_id)
    assert view["callback_id"] == "program_invite"
    values = {"channel": channel, "people": list(people)}
    response = story.submit(member, view, values)
    story.deliver()
    return dict(json.loads(response.body))


def invitations_to(story: Story, recipient: str) -> list[PostedMessage]:
    return [
        message
        for message in story.slack.messages_to(recipient)
        if message.text.startswith("You're invited")
    ]


def membership_of(story: Story, member: str, program_id: int) -> ProgramMember | None:
    with story.rt.read_session() as session:
        return session.scalar(
            select(ProgramMember).filter_by(program_id=program_id, member=member)
        )


def program_page(story: Story, member: str) -> str:
    """Open the Home tab, and turn to the page of programs; return it."""
    opens(story, member)
    story.click(member, "home_page_program", "program", view={"type": "home"})
    return json.dumps(story.slack.homes[member], ensure_ascii=False)
