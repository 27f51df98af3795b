"""People who may be matched."""

from datetime import timedelta
from typing import Any

from bot.clock import datetime_to_micros
from bot.matching.people import Person
from bot.people import facts, presence
from bot.programs import service as programs
from bot.runtime import Transaction
from bot.workspace import leads, member_settings, members
from models import Program, ProgramMember
from tests.factories import Story
from tests.remembered import played_once
from tests.slack_payloads import user_object


@played_once
def join_program(
    story: Story, *people: str, program_id: int | None = None, **membership: Any
) -> None:
    """Let people whom the bot knows join a program; by default the workspace's own."""
    with story.rt.write(story.workspace) as tx:
        joined = program_id or workspace_program(tx).id
        for person in people:
            user = story.slack.people.setdefault(person, user_object(person))
            members.upsert_from_slack(tx, user, team_id=story.team)
            values = {
                "is_joined": True,
                "event_micros": datetime_to_micros(tx.now),
                "joined_at": tx.now - timedelta(days=365),
                "rules_version": 1,
            }
            row = ProgramMember(program_id=joined, member=person, **values | membership)
            tx.session.merge(row)


@played_once
def choose(story: Story, member: str, **settings: Any) -> None:
    with story.rt.write(story.workspace) as tx:
        member_settings.update(tx, member, **settings)


def workspace_program(tx: Transaction) -> Program:
    """Return the workspace's own program; the first call creates its row."""
    return programs.get(tx, leads.workspace_program_id(tx))


def person(story: Story, member: str, *others: str) -> Person:
    """Return what matching knows of a member, beside others."""
    with story.rt.read(story.workspace) as tx:
        people = facts.load_people(tx, {member, *others})
    return next(each for each in people if each.id == member)


def matchable(story: Story) -> list[str]:
    with story.rt.read(story.workspace) as tx:
        return presence.can_be_matched(tx)
