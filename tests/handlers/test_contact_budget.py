"""Unasked messages that wait for a place, on the Home tab."""

from datetime import timedelta
from typing import Any

import pytest

import jobs.checkins
from tests.checkins import join, visible_text
from tests.factories import MONDAY, Story
from tests.slack_payloads import ASKER, GUEST, HELP_CHANNEL, HELPER, conversation_object

REMINDER = "#help is asking “What are you working on this week?”"
HINT = "These messages wait for their turn"


def remind(story: Story) -> None:
    """Post a round that Ana joined, and remind her on the next day."""
    join(story, ASKER, story.post_round())
    story.clock.now = MONDAY + timedelta(days=1, hours=1)
    jobs.checkins.send_reminders(story.rt, story.worker)
    story.deliver()


def open_home(story: Story, member: str = ASKER) -> str:
    story.event({"type": "app_home_opened", "user": member, "tab": "home"})
    story.advance(seconds=3)
    return visible_text(story.slack.homes[member])


def send_button(home: dict[str, Any]) -> str:
    """Return the value of the only button that sends a waiting message."""
    [item_id] = [
        block["accessory"]["value"]
        for block in home["blocks"]
        if block.get("accessory", {}).get("action_id") == "home_send_waiting"
    ]
    return str(item_id)


@pytest.mark.deep
def test_a_message_over_the_budget_waits_on_the_home_tab_until_it_is_wanted(
    story: Story,
):
    story.set_up_workspace(unasked_per_week="0")
    remind(story)
    assert story.slack.messages_to(ASKER) == []
    assert REMINDER in open_home(story)
    home = story.slack.homes[ASKER]
    # She has time for it late in the evening.
    story.clock.advance(hours=10)
    story.click(
        ASKER, "home_send_waiting", send_button(story.slack.homes[ASKER]), view=home
    )
    story.advance(seconds=3)
    [reminder] = story.slack.messages_to(ASKER)
    assert REMINDER in reminder.text
    assert HINT not in visible_text(story.slack.homes[ASKER])
    # An old view still has the button.
    story.click(ASKER, "home_send_waiting", send_button(home), view=home)
    story.deliver()
    assert story.slack.views[-1][1]["title"]["text"]
    assert story.slack.messages_to(ASKER) == [reminder]


def test_a_home_tab_that_is_open_shows_what_waits(story: Story):
    story.set_up_workspace(unasked_per_week="0")
    assert HINT not in open_home(story)
    remind(story)
    story.advance(seconds=3)
    assert HINT in visible_text(story.slack.homes[ASKER])


@pytest.mark.deep
def test_a_reminder_that_came_too_late_waits_no_longer(story: Story):
    story.set_up_workspace(unasked_per_week="0")
    remind(story)
    assert HINT in open_home(story)
    story.close_rounds()
    assert HINT not in open_home(story)
    story.advance(days=2)
    assert story.slack.messages_to(ASKER) == []


def test_nobody_else_can_have_a_message_that_waits(story: Story):
    story.set_up_workspace(unasked_per_week="0")
    remind(story)
    open_home(story)
    value = send_button(story.slack.homes[ASKER])
    for member in (HELPER, GUEST):
        story.click(member, "home_send_waiting", value, view={"type": "home"})
        story.deliver()
        assert story.slack.messages_to(member) == []
    for value in ("0", "-1", "x", "9" * 30):
        story.click(ASKER, "home_send_waiting", value, view={"type": "home"})
    story.deliver()
    assert story.slack.messages_to(ASKER) == []


@pytest.mark.deep
def test_a_private_channels_name_is_hidden_from_those_who_left_it(story: Story):
    story.set_up_workspace(unasked_per_week="0")
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "plans", is_private=True
    )
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER]
    remind(story)
    assert "#plans is asking" in open_home(story)
    story.slack.members_by_channel[HELP_CHANNEL] = []
    story.event({"type": "member_left_channel", "user": ASKER, "channel": HELP_CHANNEL})
    assert "#plans" not in open_home(story)
