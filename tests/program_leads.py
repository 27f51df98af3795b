"""Programs and their leads."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import jobs.program_leads
from bot.programs import service
from bot.workspace import channels, leads, members
from models import Program, ProgramChannel, ProgramLead
from tests.factories import Story
from tests.remembered import played_once
from tests.slack_payloads import (
    ADMIN,
    HELP_CHANNEL,
    conversation_object,
    user_object,
)

QUESTION = "What are you stuck on yourself? When leads ask, others do."
# A Monday, in everyone's hours.
MORNING = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@played_once
def meet(story: Story, *people: str) -> None:
    """Store the profiles of people, as after their first press."""
    with story.rt.write(story.workspace) as tx:
        for person in (ADMIN, *people):
            profile = story.slack.people[person]
            members.upsert_from_slack(tx, profile, team_id=story.team)


@played_once
def lead_peers(story: Story, *people: str) -> None:
    """Make people the leads of the workspace's own program."""
    meet(story, *people)
    with story.rt.write(story.workspace) as tx:
        leads.set_program_leads(tx, people)


def add_program(
    story: Story,
    *people: str,
    name: str = "New managers",
    slack_channels: Sequence[str] = (HELP_CHANNEL,),
    **columns: Any,
) -> int:
    """Add a running program with these leads; return its id."""
    meet(story, *people)
    with story.rt.write(story.workspace) as tx:
        program = Program(
            installation_id=tx.workspace.id,
            name=name,
            **{"opened_at": tx.now} | columns,
        )
        tx.session.add(program)
        tx.session.flush()
        for slack_id in slack_channels:
            described = story.slack.channels.setdefault(
                slack_id, conversation_object(slack_id, slack_id.lower())
            )
            channel = channels.upsert_from_slack(tx, {**described, "is_member": True})
            tx.session.add(ProgramChannel(program_id=program.id, channel_id=channel.id))
        tx.session.add_all(
            ProgramLead(program_id=program.id, member=person) for person in people
        )
        return program.id


def change_program(story: Story, program_id: int, **columns: Any) -> None:
    with story.rt.write(story.workspace) as tx:
        program = service.get(tx, program_id)
        for name, value in columns.items():
            setattr(program, name, value)


@played_once
def ask_leads(story: Story) -> None:
    """Run the job, and send what is due."""
    jobs.program_leads.ask_leads(story.rt, story.worker)
    story.deliver()


def questions(story: Story, member: str) -> int:
    """Return how often a person was asked what they are stuck on."""
    return sum(message.text == QUESTION for message in story.slack.messages_to(member))


def depart(story: Story, member: str) -> None:
    """Deactivate a person's account, and send what follows."""
    story.slack.people[member] = user_object(member, deleted=True)
    story.event({"type": "user_change", "user": story.slack.people[member]})
    story.deliver()
