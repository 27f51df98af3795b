"""The Home tab's page of programs: one's own line, leads, and others nearby."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.privacy import service as privacy
from models import CircleMember, Program
from tests.circles import make_circle, open_agenda
from tests.circles import presses as meeting_presses
from tests.factories import Story
from tests.home import joins, leaves
from tests.programs import (
    change_program,
    joins_program,
    make_program,
    presses,
    program_page,
)
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)

OTHER, CLOSED = "C0OTHER", "C0CLOSED"


@pytest.fixture(autouse=True)
def _everyone_is_in_the_channel(story: Story) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER]


@pytest.mark.deep
def test_the_own_line_counts_this_quarter_here(story: Story, program: int) -> None:
    story.slack.channels[OTHER] = conversation_object(OTHER, "other")
    joins_program(story, ASKER, program)
    # The last day of March, in Helsinki.
    story.clock.now = datetime(2026, 3, 31, 20, tzinfo=UTC)
    story.ask("How do I fix w?")
    story.clock.now = datetime(2026, 3, 31, 21, 30, tzinfo=UTC)
    story.ask("How do I fix x?")
    theirs = story.ask("How do I fix y?", member=HELPER)
    story.say(ASKER, "So.", thread_ts=theirs.ts)
    gone = story.say(ASKER, "Or so.", thread_ts=theirs.ts)
    story.delete(ASKER, gone, thread_ts=theirs.ts)
    story.command(ASKER, "/ask", "How do I fix z?", channel=OTHER)
    story.deliver()
    assert "This quarter you asked 1, answered 1." in program_page(story, ASKER)
    assert "This quarter" not in program_page(story, HELPER)


@pytest.mark.deep
def test_the_own_line_counts_meetings_of_ones_circle(story: Story) -> None:
    # The third meeting is in the next quarter.
    make_circle(story, starts_at=datetime(2026, 3, 11, 11, tzinfo=UTC))
    program, other = programs_of(story), make_program(story, "Others")
    for person in (ASKER, PEER):
        joins_program(story, person, program)
    joins_program(story, ASKER, other)
    facilitators = ((ASKER, "once"), (HELPER, "twice"), (PEER, "once"))
    for number, (facilitator, times) in enumerate(facilitators, start=1):
        open_agenda(story, number)
        meets(story, facilitator)
        page = program_page(story, ASKER)
        assert page.count("met your circle") == 1
        assert f"answered 0, met your circle {times}." in page
    # Someone who came later has not met it before.
    with story.rt.write(story.workspace) as tx:
        place = tx.session.scalars(select(CircleMember).filter_by(member=PEER)).one()
        place.taken_at = story.clock()
    assert "met your circle" not in program_page(story, PEER)


def meets(story: Story, facilitator: str) -> None:
    meeting_presses(story, facilitator, "start")
    story.advance(seconds=11)
    meeting_presses(story, facilitator, "end")


def programs_of(story: Story) -> int:
    with story.rt.read_session() as session:
        return session.scalars(select(Program.id)).one()


@pytest.mark.deep
def test_others_are_those_of_ones_own_channels(story: Story, program: int) -> None:
    for person in (ASKER, HELPER, PEER, CHAMPION):
        joins_program(story, person, program)
    # Dan is not in the channel; and who never opened Home is not known to be.
    program_page(story, HELPER)
    assert "With you: Ben." in program_page(story, ASKER)
    program_page(story, PEER)
    assert "With you: Ben and Chi." in program_page(story, ASKER)
    presses(story, HELPER, "leave", program)
    assert "With you: Chi." in program_page(story, ASKER)
    leaves(story, PEER, HELP_CHANNEL)
    assert "With you" not in program_page(story, ASKER)
    joins(story, PEER, HELP_CHANNEL)
    assert "With you: Chi." in program_page(story, ASKER)


def test_a_private_channel_makes_nobody_known_elsewhere(story: Story) -> None:
    story.slack.channels[CLOSED] = conversation_object(
        CLOSED, "closed", is_private=True
    )
    story.slack.members_by_channel = {HELP_CHANNEL: [ASKER], CLOSED: [HELPER, PEER]}
    program = make_program(story, in_channels=(HELP_CHANNEL, CLOSED))
    for person in (ASKER, HELPER, PEER):
        joins_program(story, person, program)
        program_page(story, person)
    assert "With you" not in program_page(story, ASKER)
    assert "With you: Chi." in program_page(story, HELPER)


@pytest.mark.deep
def test_an_erased_person_is_named_no_longer(story: Story, program: int) -> None:
    for person in (ASKER, HELPER):
        joins_program(story, person, program)
        program_page(story, person)
    assert "With you: Ben." in program_page(story, ASKER)
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, HELPER)
    story.advance(seconds=5)
    assert "Ben" not in json.dumps(story.slack.homes[ASKER])


@pytest.mark.parametrize("change", [{"deleted": True}, {"team_id": "T0ELSE"}])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_someone_who_is_no_longer_of_the_workspace_is_not_named(
    story: Story, program: int, change: dict[str, Any]
) -> None:
    for person in (ASKER, HELPER):
        joins_program(story, person, program)
        program_page(story, person)
    assert "With you: Ben." in program_page(story, ASKER)
    story.slack.people[HELPER] |= change
    story.event({"type": "user_change", "user": story.slack.people[HELPER]})
    assert "With you" not in program_page(story, ASKER)


def test_guests_see_no_others(story: Story) -> None:
    program = make_program(story, guests_may_join=True)
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, GUEST]
    for person in (ASKER, GUEST):
        joins_program(story, person, program)
        program_page(story, person)
    page = program_page(story, GUEST)
    assert "This quarter" in page
    assert "With you" not in page


@pytest.mark.deep
def test_leads_can_be_asked_by_a_button(story: Story, program: int) -> None:
    joins_program(story, ASKER, program)
    page = program_page(story, ASKER)
    assert "Questions? Ask Dan." in page
    assert '"Ask Dan"' in page
    assert "Invite people" not in page
    joins_program(story, CHAMPION, program)
    page = program_page(story, CHAMPION)
    assert "Invite people" in page


def test_a_deactivated_lead_is_not_shown(story: Story, program: int) -> None:
    joins_program(story, ASKER, program)
    story.slack.people[CHAMPION] |= {"deleted": True}
    story.event({"type": "user_change", "user": story.slack.people[CHAMPION]})
    assert "Dan" not in program_page(story, ASKER)


@pytest.mark.deep
def test_drafts_and_what_is_over_can_not_be_joined(story: Story) -> None:
    make_program(story, "Sketch", opened_at=None)
    make_program(story, "Later", starts_on=story.clock().date() + timedelta(days=9))
    over = make_program(story, "Over")
    joins_program(story, ASKER, over)
    change_program(story, over, ended_at=story.clock())
    page = program_page(story, ASKER)
    assert "Sketch" not in page
    assert "Later" in page
    assert "This program is over." in page
    assert "Over" not in program_page(story, HELPER)
    assert "Sketch" not in program_page(story, ADMIN)


def test_others_are_shown_by_their_first_names(story: Story, program: int) -> None:
    for person in (ASKER, HELPER, PEER):
        joins_program(story, person, program)
        program_page(story, person)
    profiles: dict[str, dict[str, str]] = {
        HELPER: {"display_name": "benny", "real_name": "Ben Baker"},
        PEER: {"display_name": "chichi", "real_name": "Ben Cho"},
    }

    def rename(**first_names: str) -> None:
        people = {"helper": HELPER, "peer": PEER}
        for key, first_name in first_names.items():
            profile = profiles[people[key]] | {"first_name": first_name}
            user = user_object(people[key], profile=profile)
            story.slack.people[people[key]] = user
            story.event({"type": "user_change", "user": user})

    rename(helper="Benjamin", peer="Ben")
    assert "With you: Benjamin and Ben." in program_page(story, ASKER)
    # Two of the same name have their full names.
    rename(helper="Ben")
    assert "With you: Ben Baker and Ben Cho." in program_page(story, ASKER)
    # Not everyone has a first name in Slack.
    rename(helper="")
    assert "With you: benny and Ben." in program_page(story, ASKER)
