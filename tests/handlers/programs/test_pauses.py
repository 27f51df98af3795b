"""A program without a channel is paused, and its leads are told once."""

import json

import pytest

import jobs.program_channels
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.making_programs import buttons, open_program, press, text_of
from tests.personal_data import forget
from tests.program_leads import ask_leads, questions
from tests.programs import (
    invitations_to,
    joins_program,
    last_reply,
    membership_of,
    presses,
    program_page,
)
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    form_values,
    user_object,
)


def look(story: Story) -> None:
    jobs.program_channels.check_programs(story.rt, story.worker)
    story.deliver()


def told(story: Story, member: str) -> list[PostedMessage]:
    return [
        message
        for message in story.slack.messages_to(member)
        if "is paused" in message.text
    ]


def archive(story: Story, *, is_archived: bool = True) -> None:
    verb = "archive" if is_archived else "unarchive"
    story.event({"type": f"channel_{verb}", "channel": HELP_CHANNEL})


@pytest.fixture
def known(story: Story) -> Story:
    story.set_up_channel()
    return story


def test_its_leads_are_told_once(known: Story):
    program = open_program(known, leads=[HELPER, PEER])
    look(known)
    assert told(known, HELPER) == []
    archive(known)
    for _ in range(3):
        look(known)
        known.clock.advance(days=1)
    for lead in (HELPER, PEER):
        [message] = told(known, lead)
        assert "New managers is paused" in message.text
    assert told(known, ADMIN) == []
    assert "Paused: I'm in none" in text_of(press(known, "program_see", program.id))
    action, value = button(told(known, HELPER)[0], "See the program")
    known.click(HELPER, action, value)
    assert "Paused" in json.dumps(known.slack.views[-1])


def test_a_channel_that_is_back_ends_the_pause(known: Story):
    program = open_program(known, leads=[HELPER])
    archive(known)
    look(known)
    archive(known, is_archived=False)
    look(known)
    assert "Running" in text_of(press(known, "program_see", program.id))
    archive(known)
    look(known)
    assert len(told(known, HELPER)) == 2


def test_the_bot_is_taken_out_of_its_only_channel(known: Story):
    open_program(known, leads=[HELPER])
    known.event({"type": "channel_left", "channel": HELP_CHANNEL})
    look(known)
    assert len(told(known, HELPER)) == 1


def test_nobody_is_told_of_what_nobody_runs(known: Story):
    ended = open_program(known, leads=[HELPER])
    press(known, "program_end", ended.id)
    over = open_program(known, leads=[HELPER], ends_on="2026-03-03")
    known.clock.advance(days=2)
    archive(known)
    look(known)
    assert told(known, HELPER) == []
    assert "Ended" in text_of(press(known, "program_see", over.id))


@pytest.mark.deep
def test_those_who_are_gone_are_not_told(known: Story):
    open_program(known, leads=[HELPER, PEER])
    gone = user_object(HELPER, deleted=True)
    known.event({"type": "user_change", "user": gone})
    archive(known)
    forget(known, PEER)
    look(known)
    assert told(known, HELPER) == told(known, PEER) == []


def test_it_waits_for_their_hours_and_says_nothing_if_it_is_over(known: Story):
    open_program(known, leads=[HELPER])
    # Late in the evening in Helsinki.
    known.clock.advance(hours=11)
    archive(known)
    look(known)
    assert told(known, HELPER) == []
    archive(known, is_archived=False)
    known.advance(hours=14)
    assert told(known, HELPER) == []


def test_nobody_is_invited_in_a_pause(known: Story):
    program = open_program(known, leads=[HELPER])
    archive(known)
    assert "Invite people" not in buttons(press(known, "program_see", program.id))
    view = press(known, "program_invite", program.id)
    assert "This program is paused" in text_of(view)
    archive(known, is_archived=False)
    view = press(known, "program_invite", program.id)
    known.submit(ADMIN, view, {"channel": None, "people": [PEER]})
    # The message is not sent yet.
    archive(known)
    known.deliver()
    assert invitations_to(known, PEER) == []
    archive(known, is_archived=False)
    known.advance(hours=2)
    assert len(invitations_to(known, PEER)) == 1


@pytest.mark.deep
def test_nobody_joins_in_a_pause_but_a_press_takes_leaving_back(known: Story):
    program = open_program(known, leads=[HELPER])
    joins_program(known, PEER, program.id)
    assert "New managers" in program_page(known, ASKER)
    view = presses(known, ASKER, "join", program.id)
    archive(known)
    # The form is submitted too late.
    response = known.submit(ASKER, view, form_values(view) | {"commitment": ["yes"]})
    assert "This program is paused" in str(response.body)
    presses(known, ASKER, "join", program.id)
    assert last_reply(known).startswith("This program is paused")
    assert membership_of(known, ASKER, program.id) is None
    page = press(known, "program_see", program.id, ASKER)
    assert "Join" not in buttons(page)
    assert "New managers" not in program_page(known, ASKER)

    presses(known, PEER, "leave", program.id)
    back = presses(known, PEER, "come_back", program.id)
    assert "All is as before" in json.dumps(back)
    archive(known, is_archived=False)
    joins_program(known, ASKER, program.id)
    assert membership_of(known, ASKER, program.id) is not None


def test_its_leads_are_not_asked_to_ask_first(known: Story):
    open_program(known, leads=[HELPER])
    archive(known)
    ask_leads(known)
    assert questions(known, HELPER) == 0
    archive(known, is_archived=False)
    ask_leads(known)
    assert questions(known, HELPER) == 1
