"""Leads go first: the bot asks them what they are stuck on themselves."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import jobs.program_leads
from bot.slack.api import Rejected
from models import OutboxItem, UnaskedMessage
from tests.checkins import visible_text
from tests.factories import Story
from tests.personal_data import forget
from tests.program_leads import (
    MORNING,
    QUESTION,
    add_program,
    ask_leads,
    change_program,
    depart,
    lead_peers,
    questions,
)
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    conversation_object,
    form_values,
)

SIX_WEEKS = timedelta(weeks=6)


@pytest.fixture
def morning(story: Story) -> Story:
    story.clock.now = MORNING
    return story


def press(story: Story, member: str, text: str) -> None:
    action_id, value = button(story.slack.messages_to(member)[-1], text)
    story.click(member, action_id, value, channel=f"D{member[1:]}")


def form(story: Story) -> dict[str, Any]:
    view = story.slack.views[-1][1]
    assert view["callback_id"] == "ask"
    return view


def chosen_channel(view: dict[str, Any]) -> str | None:
    [field] = [b for b in view["blocks"] if b.get("block_id") == "channel"]
    channel = field["element"].get("initial_conversation")
    return None if channel is None else str(channel)


def test_a_new_lead_is_asked_and_then_every_six_weeks(morning: Story):
    program = add_program(morning, ASKER, slack_channels=[HELP_CHANNEL])
    ask_leads(morning)
    [message] = morning.slack.messages_to(ASKER)
    assert message.text == QUESTION
    assert "You lead New managers." in visible_text(message)
    press(morning, ASKER, "Ask your peers")
    assert chosen_channel(form(morning)) == HELP_CHANNEL
    for days in (0, 7, 41):
        morning.clock.now = MORNING + timedelta(days=days)
        ask_leads(morning)
    assert questions(morning, ASKER) == 1
    morning.clock.now = MORNING + SIX_WEEKS + timedelta(minutes=1)
    ask_leads(morning)
    ask_leads(morning)
    assert questions(morning, ASKER) == 2
    assert program > 0


def test_who_leads_several_programs_is_asked_once(morning: Story):
    lead_peers(morning, ASKER)
    add_program(morning, ASKER, name="Zebra", slack_channels=[HELP_CHANNEL])
    add_program(morning, ASKER, name="Aardvark")
    ask_leads(morning)
    morning.clock.advance(days=1)
    # Another one, later.
    add_program(morning, ASKER, name="Later")
    ask_leads(morning)
    assert questions(morning, ASKER) == 1
    assert "You lead Aardvark." in visible_text(morning.slack.messages_to(ASKER)[0])


def test_who_is_named_a_lead_again_is_asked_no_sooner(morning: Story):
    lead_peers(morning, ASKER)
    ask_leads(morning)
    lead_peers(morning)
    lead_peers(morning, ASKER)
    morning.clock.advance(days=7)
    ask_leads(morning)
    assert questions(morning, ASKER) == 1


def test_the_question_waits_for_the_leads_own_hours(morning: Story):
    lead_peers(morning, ASKER)
    # On Friday evening.
    morning.clock.now = MORNING + timedelta(days=4, hours=10)
    ask_leads(morning)
    assert questions(morning, ASKER) == 0
    morning.clock.now = MORNING + timedelta(days=7)
    ask_leads(morning)
    assert questions(morning, ASKER) == 1
    # Six weeks count from the message.
    morning.clock.now = MORNING + timedelta(days=4) + SIX_WEEKS
    ask_leads(morning)
    assert questions(morning, ASKER) == 1


def test_not_this_time_puts_it_off_until_the_next(morning: Story):
    lead_peers(morning, ASKER)
    ask_leads(morning)
    press(morning, ASKER, "Not this time")
    assert "again in six weeks" in morning.slack.responses[-1][1]
    morning.clock.now = MORNING + SIX_WEEKS + timedelta(hours=1)
    ask_leads(morning)
    assert questions(morning, ASKER) == 2


def test_stop_these_lasts_until_my_settings_turn_them_on(morning: Story):
    lead_peers(morning, ASKER)
    ask_leads(morning)
    press(morning, ASKER, "Stop these")
    press(morning, ASKER, "Stop these")
    assert "won't ask you this again" in morning.slack.responses[-1][1]
    add_program(morning, ASKER)
    morning.clock.now = MORNING + SIX_WEEKS + timedelta(hours=1)
    ask_leads(morning)
    assert questions(morning, ASKER) == 1
    # Settings of the form that the lead does not touch stay as they are.
    morning.change_my_settings(ASKER, topics_known="python")
    ask_leads(morning)
    assert questions(morning, ASKER) == 1
    morning.change_my_settings(ASKER, wants_lead_prompts=["yes"])
    ask_leads(morning)
    assert questions(morning, ASKER) == 2


def test_stopping_while_it_waits_takes_it_back(morning: Story):
    lead_peers(morning, ASKER)
    morning.clock.now = MORNING + timedelta(days=4, hours=10)
    ask_leads(morning)
    morning.change_my_settings(ASKER, wants_lead_prompts=[])
    morning.clock.now = MORNING + timedelta(days=7)
    morning.deliver()
    assert questions(morning, ASKER) == 0


def test_only_leads_find_it_in_their_settings(morning: Story):
    lead_peers(morning, ASKER)
    morning.command(HELPER, "/backswing", "me")
    view = morning.slack.views[-1][1]
    assert "as a lead" not in visible_text(view)
    # They become a lead while the form is open; it turns nothing off.
    lead_peers(morning, ASKER, HELPER)
    assert morning.submit(HELPER, view, form_values(view)).body == ""
    ask_leads(morning)
    assert questions(morning, HELPER) == 1
    morning.command(HELPER, "/backswing", "me")
    assert "as a lead" in visible_text(morning.slack.views[-1][1])


def test_nobody_is_asked_for_drafts_and_programs_that_are_over(morning: Story):
    add_program(morning, ASKER, opened_at=None)
    add_program(morning, HELPER, ended_at=MORNING)
    add_program(morning, PEER, archived_at=MORNING)
    add_program(morning, ADMIN, ends_on=date(2026, 3, 1))
    ask_leads(morning)
    for person in (ASKER, HELPER, PEER, ADMIN):
        assert questions(morning, person) == 0


@pytest.mark.parametrize(
    "columns", [{"ended_at": MORNING}, {"archived_at": MORNING}, {"opened_at": None}]
)
def test_a_program_that_ends_while_the_question_waits(morning: Story, columns: Any):
    program = add_program(morning, ASKER)
    morning.clock.now = MORNING + timedelta(days=4, hours=10)
    ask_leads(morning)
    change_program(morning, program, **columns)
    morning.clock.now = MORNING + timedelta(days=7)
    morning.deliver()
    assert questions(morning, ASKER) == 0


@pytest.mark.deep
def test_who_left_or_was_forgotten_is_not_asked(morning: Story):
    lead_peers(morning, PEER)
    add_program(morning, ASKER)
    add_program(morning, HELPER)
    depart(morning, ASKER)
    forget(morning, HELPER)
    ask_leads(morning)
    assert [questions(morning, each) for each in (ASKER, HELPER, PEER)] == [0, 0, 1]


def test_it_takes_a_place_in_the_budget(morning: Story):
    lead_peers(morning, ASKER)
    ask_leads(morning)
    with morning.rt.read_session() as session:
        [row] = session.scalars(select(UnaskedMessage)).all()
    assert (row.member, row.purpose) == (ASKER, "reminder")


def test_without_a_place_one_question_waits_on_the_home_tab(morning: Story):
    morning.set_up_workspace(unasked_per_week="0")
    lead_peers(morning, ASKER)
    for weeks in (0, 7, 14):
        morning.clock.now = MORNING + timedelta(weeks=weeks)
        ask_leads(morning)
    assert questions(morning, ASKER) == 0
    morning.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})
    assert visible_text(morning.slack.homes[ASKER]).count(QUESTION) == 1


def test_a_lead_whom_the_bot_cant_write_to_is_tried_again_in_six_weeks(morning: Story):
    morning.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "messages_tab_disabled")
    ]
    lead_peers(morning, ASKER)
    ask_leads(morning)
    morning.clock.advance(days=1)
    ask_leads(morning)
    assert questions(morning, ASKER) == 0
    morning.clock.now = MORNING + SIX_WEEKS + timedelta(hours=1)
    ask_leads(morning)
    assert questions(morning, ASKER) == 1


def test_two_replicas_ask_once(morning: Story):
    lead_peers(morning, ASKER)
    jobs.program_leads.ask_leads(morning.rt, morning.worker)
    jobs.program_leads.ask_leads(morning.rt, morning.worker)
    morning.deliver()
    assert questions(morning, ASKER) == 1
    with morning.rt.read_session() as session:
        items = select(OutboxItem).filter_by(kind="program.lead_prompt")
        assert len(session.scalars(items).all()) == 1


SECRET = "C0SECRET"


def test_the_form_names_no_private_channel_that_the_lead_is_not_in(morning: Story):
    morning.slack.channels[SECRET] = conversation_object(
        SECRET, "secret", is_private=True
    )
    program = add_program(morning, ASKER, slack_channels=[SECRET])
    ask_leads(morning)
    press(morning, ASKER, "Ask your peers")
    assert SECRET not in str(form(morning))
    morning.slack.members_by_channel[SECRET] = [ASKER]
    morning.event({"type": "app_home_opened", "user": ASKER, "tab": "home"})
    morning.deliver()
    morning.click(ASKER, "program_lead_ask", str(program))
    assert chosen_channel(form(morning)) == SECRET


@pytest.mark.parametrize("value", ["", "0", "-1", "x", "9" * 30, "٣"])
def test_a_forged_program_opens_no_form(morning: Story, value: str):
    lead_peers(morning, ASKER)
    before = len(morning.slack.views)
    morning.click(ASKER, "program_lead_ask", value, view={"type": "home"})
    assert all(view["callback_id"] != "ask" for _, view in morning.slack.views[before:])


def test_others_and_former_leads_open_no_form(morning: Story):
    program = add_program(morning, ASKER, slack_channels=[HELP_CHANNEL])
    for person in (HELPER, ADMIN):
        morning.click(person, "program_lead_ask", str(program))
        assert "no longer lead" in str(morning.slack.responses[-1])
