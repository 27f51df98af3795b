"""Leads who leave: the others are told once, and nobody is shown who has left."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.privacy import service as privacy
from bot.programs import service
from bot.workspace import leads
from models import ProgramLead
from tests.checkins import visible_text
from tests.factories import Story
from tests.personal_data import forget
from tests.program_leads import (
    MORNING,
    add_program,
    change_program,
    depart,
    lead_peers,
    meet,
)
from tests.remembered import checkpoint
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)


@pytest.fixture
def morning(story: Story) -> Story:
    story.clock.now = MORNING
    return story


SECRET = "C0SECRET"


def texts(story: Story, member: str) -> list[str]:
    return [visible_text(m).strip() for m in story.slack.messages_to(member)]


def leaders(story: Story) -> list[str]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(ProgramLead.member).distinct()))


def test_the_other_leads_are_told_once(morning: Story):
    lead_peers(morning, ASKER, HELPER, PEER)
    for _ in range(3):
        depart(morning, ASKER)
    expected = ["A lead of Peers has left. You lead it with one other person now."]
    assert texts(morning, HELPER) == texts(morning, PEER) == expected
    assert texts(morning, ASKER) == texts(morning, ADMIN) == []
    assert sorted(leaders(morning)) == sorted([HELPER, PEER])


def test_a_lead_who_is_left_alone_is_told(morning: Story):
    add_program(morning, ASKER, HELPER)
    depart(morning, ASKER)
    assert texts(morning, HELPER) == [
        "A lead of New managers has left. You are its only lead now."
    ]


@pytest.mark.parametrize("is_peers", [True, False])
def test_without_any_lead_the_admins_are_told(morning: Story, is_peers: bool):
    if is_peers:
        lead_peers(morning, ASKER)
    else:
        add_program(morning, ASKER, slack_channels=[HELP_CHANNEL])
    depart(morning, ASKER)
    name = "Peers" if is_peers else "New managers"
    command = "/backswing workspace" if is_peers else "/backswing program"
    assert texts(morning, ADMIN) == [
        f"The last lead of {name} has left. To name another, type {command}."
    ]


@pytest.mark.deep_on_postgresql
def test_admins_hear_of_no_program_in_a_private_channel_that_they_are_not_in(
    morning: Story,
):
    morning.slack.people["U0BOSS"] = user_object("U0BOSS", is_admin=True)
    meet(morning, "U0BOSS")
    morning.slack.channels[SECRET] = conversation_object(
        SECRET, "secret", is_private=True
    )
    morning.slack.members_by_channel[SECRET] = [ASKER, "U0BOSS"]
    add_program(morning, ASKER, slack_channels=[SECRET])
    depart(morning, ASKER)
    assert len(texts(morning, "U0BOSS")) == 1
    assert texts(morning, ADMIN) == []


@pytest.mark.deep_on_postgresql
def test_if_no_admin_sees_the_program_all_are_told_without_its_name(morning: Story):
    morning.slack.people["U0BOSS"] = user_object("U0BOSS", is_admin=True)
    meet(morning, "U0BOSS")
    morning.slack.channels[SECRET] = conversation_object(
        SECRET, "secret", is_private=True
    )
    morning.slack.members_by_channel[SECRET] = [ASKER]
    add_program(morning, ASKER, slack_channels=[SECRET])
    depart(morning, ASKER)
    for admin in (ADMIN, "U0BOSS"):
        [text] = texts(morning, admin)
        assert text.startswith("The last lead of a program in private channels")
        assert "secret" not in text
        assert "New managers" not in text


def test_each_program_is_told_about(morning: Story):
    lead_peers(morning, ASKER, PEER)
    add_program(morning, ASKER, HELPER)
    depart(morning, ASKER)
    assert ["Peers" in text for text in texts(morning, PEER)] == [True]
    assert ["New managers" in text for text in texts(morning, HELPER)] == [True]


@pytest.mark.parametrize(
    "facts", [{"deleted": True}, {"is_stranger": True}, {"is_bot": True}]
)
def test_who_is_no_longer_a_member_leads_nothing(morning: Story, facts: Any):
    lead_peers(morning, ASKER, PEER)
    morning.slack.people[ASKER] = user_object(ASKER, **facts)
    morning.event({"type": "user_change", "user": morning.slack.people[ASKER]})
    assert leaders(morning) == [PEER]


@pytest.mark.deep
def test_who_is_forgotten_leads_nothing_and_is_named_nowhere(morning: Story):
    lead_peers(morning, ASKER, PEER)
    forget(morning, ASKER)
    morning.deliver()
    assert leaders(morning) == [PEER]
    assert texts(morning, PEER) == [
        "A lead of Peers has left. You are its only lead now."
    ]


def test_who_comes_back_leads_nothing(morning: Story):
    lead_peers(morning, ASKER, PEER)
    depart(morning, ASKER)
    morning.slack.people[ASKER] = user_object(ASKER)
    morning.event({"type": "user_change", "user": morning.slack.people[ASKER]})
    morning.deliver()
    assert leaders(morning) == [PEER]
    assert len(texts(morning, PEER)) == 1


def test_a_program_that_is_over_tells_nobody(morning: Story):
    add_program(morning, ASKER, HELPER, ended_at=MORNING)
    add_program(morning, ASKER, PEER, archived_at=MORNING)
    depart(morning, ASKER)
    assert texts(morning, HELPER) == texts(morning, PEER) == []
    assert sorted(leaders(morning)) == sorted([HELPER, PEER])


def test_the_message_waits_for_the_leads_hours_and_says_how_things_are_then(
    morning: Story,
):
    program = add_program(morning, ASKER, HELPER, PEER)
    morning.clock.advance(hours=10)
    depart(morning, ASKER)
    depart(morning, PEER)
    assert texts(morning, HELPER) == []
    morning.advance(hours=14)
    told = texts(morning, HELPER)
    assert set(told) == {"A lead of New managers has left. You are its only lead now."}
    # The program ends in the meantime.
    add_program(morning, HELPER, name="Other")
    morning.clock.advance(hours=10)
    depart(morning, HELPER)
    change_program(morning, program, ended_at=MORNING)
    morning.advance(hours=14)
    assert [text for text in texts(morning, ADMIN) if "New managers" in text] == []


def test_if_all_leave_before_they_read_it_only_the_admins_are_told(morning: Story):
    lead_peers(morning, ASKER, HELPER)
    morning.clock.advance(hours=10)
    depart(morning, ASKER)
    depart(morning, HELPER)
    morning.advance(hours=14)
    assert texts(morning, HELPER) == []
    assert len(texts(morning, ADMIN)) == 1


def test_a_program_that_has_a_lead_again_tells_no_admin(morning: Story):
    lead_peers(morning, ASKER)
    morning.clock.advance(hours=10)
    depart(morning, ASKER)
    lead_peers(morning, PEER)
    morning.advance(hours=14)
    assert texts(morning, ADMIN) == []


def test_admins_who_left_are_not_told(morning: Story):
    lead_peers(morning, ASKER)
    morning.slack.people["U0BOSS"] = user_object("U0BOSS", is_admin=True)
    meet(morning, "U0BOSS")
    morning.slack.people["U0BOSS"] = user_object("U0BOSS", is_admin=True, deleted=True)
    morning.event({"type": "user_change", "user": morning.slack.people["U0BOSS"]})
    depart(morning, ASKER)
    assert texts(morning, "U0BOSS") == []


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["leave", "return", "forget", "remove"]),
        st.sampled_from([ASKER, HELPER]),
    ),
    max_size=8,
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("count", [10, pytest.param(100, marks=pytest.mark.exhaustive)])
@pytest.mark.deep
def test_whatever_happens_in_whatever_order_each_departure_is_told_once(
    morning: Story, count: int
):
    lead_peers(morning, ASKER, HELPER, PEER)
    go_back = checkpoint(morning)

    @settings(max_examples=count)
    @given(events=EVENTS)
    def check(events: list[tuple[str, str]]) -> None:
        go_back()
        expected = expected_after(morning, events)
        assert len(texts(morning, PEER)) == expected

    check()


def expected_after(morning: Story, events: list[tuple[str, str]]) -> int:
    """Let these things happen; return how often a lead who stays should be told."""
    current, expected = {ASKER, HELPER}, 0
    for event, person in events:
        morning.clock.advance(weeks=1)
        match event:
            case "leave":
                depart(morning, person)
            case "return":
                morning.slack.people[person] = user_object(person)
                profile = morning.slack.people[person]
                morning.event({"type": "user_change", "user": profile})
            case "forget":
                with morning.rt.write(morning.workspace) as tx:
                    privacy.erase(tx, person)
            case "remove":
                with morning.rt.write(morning.workspace) as tx:
                    leads.set_program_leads(tx, {*leads.program_leads(tx)} - {person})
        if event in {"leave", "forget"} and person in current:
            expected += 1
        if event != "return":
            current.discard(person)
        morning.deliver()
    with morning.rt.read(morning.workspace) as tx:
        program = service.find_workspace_program(tx)
        assert program is not None
        assert service.program_leads(tx, program) == sorted([*current, PEER])
    return expected
