"""Leads who leave at the same time, and replicas that ask them at the same time."""

from functools import partial

import pytest
from sqlalchemy import select

import jobs.program_leads
from models import OutboxItem, ProgramLead
from tests.factories import Story
from tests.handlers.routing.test_races import at_once
from tests.program_leads import MORNING, lead_peers, questions
from tests.slack_payloads import ADMIN, ASKER, HELPER, PEER, user_object

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def leave(story: Story, member: str) -> None:
    story.slack.people[member] = user_object(member, deleted=True)
    profile = story.slack.people[member]
    assert story.event({"type": "user_change", "user": profile}) == 200


@pytest.mark.deep_on_postgresql
def test_when_all_leads_leave_at_once_the_admins_are_told(story: Story):
    story.clock.now = MORNING
    lead_peers(story, ASKER, HELPER, PEER)
    at_once(*(partial(leave, story, each) for each in (ASKER, HELPER, PEER)))
    story.deliver()
    with story.rt.read_session() as session:
        assert session.scalars(select(ProgramLead)).all() == []
    assert len(story.slack.messages_to(ADMIN)) == 1
    for member in (ASKER, HELPER, PEER):
        assert story.slack.messages_to(member) == []


@pytest.mark.deep_on_postgresql
def test_replicas_ask_each_lead_once(story: Story):
    story.clock.now = MORNING
    lead_peers(story, ASKER, HELPER)
    run = jobs.program_leads.ask_leads
    at_once(*[partial(run, story.rt, story.worker)] * 4)
    story.deliver()
    at_once(*[partial(run, story.rt, story.worker)] * 4)
    story.deliver()
    assert questions(story, ASKER) == questions(story, HELPER) == 1
    with story.rt.read_session() as session:
        items = select(OutboxItem).filter_by(kind="program.lead_prompt")
        assert len(session.scalars(items).all()) == 2
