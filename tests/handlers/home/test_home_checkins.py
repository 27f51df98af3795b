"""Check-ins on the Home tab."""

from typing import Any

import pytest

from models import Participant
from tests.checkins import visible_text
from tests.factories import Story
from tests.home import PRIVATE, opens, visible_home
from tests.slack_payloads import HELPER, PEER


def press(story: Story, member: str, action: str) -> Any:
    """Press the first button with this action."""
    view = story.slack.homes[member]
    buttons = [
        button
        for block in view["blocks"]
        for button in [*block.get("elements", []), block.get("accessory", {})]
        if button.get("action_id") == action
    ]
    return story.click(member, action, buttons[0]["value"], view=view)


@pytest.mark.deep
def test_check_ins_are_joined_shared_in_and_left_from_home(peers: Story):
    peers.add_schedule()
    assert "Three things" in opens(peers, HELPER)
    press(peers, HELPER, "home_checkin_join")
    peers.deliver()
    assert "“What are you working on this week?” · #help" in visible_home(peers, HELPER)
    assert "Three things" not in visible_home(peers, HELPER)
    assert "Waiting for you" not in visible_home(peers, HELPER)
    peers.post_round()
    peers.advance(seconds=3)
    assert "Waiting for you" in visible_home(peers, HELPER)
    # It closes at nine in Berlin, which is ten in Helsinki.
    visible = visible_text(peers.slack.homes[HELPER])
    assert "#help · until Friday 13 March at 10:00 EET" in visible
    press(peers, HELPER, "checkin_share")
    form = peers.slack.views[-1][1]
    assert peers.submit(HELPER, form, {"working_on": "A parser"}).body == ""
    peers.advance(seconds=3)
    assert "Waiting for you" not in visible_home(peers, HELPER)
    press(peers, HELPER, "checkin_leave")
    peers.deliver()
    assert "home_checkin_join" in visible_home(peers, HELPER)
    assert "checkin_leave" not in visible_home(peers, HELPER)


def test_a_check_in_joined_elsewhere_is_listed_too(peers: Story):
    shown = peers.post_round()
    opens(peers, HELPER)
    peers.click(HELPER, "checkin_join", str(shown.id))
    peers.deliver()
    assert "Waiting for you" in visible_home(peers, HELPER)
    peers.close_rounds()
    peers.advance(seconds=3)
    assert "Waiting for you" not in visible_home(peers, HELPER)


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_stopped_reminders_are_resumed_from_home(peers: Story):
    schedule = peers.add_schedule()
    opens(peers, HELPER)
    press(peers, HELPER, "home_checkin_join")
    with peers.rt.write_session.begin() as session:
        participant = session.get_one(Participant, (schedule, HELPER))
        participant.reminders_stopped_at = peers.clock()
    assert "reminders stopped" in opens(peers, HELPER)
    press(peers, HELPER, "checkin_go_on")
    peers.deliver()
    assert "reminders stopped" not in visible_home(peers, HELPER)


@pytest.mark.deep
def test_check_ins_of_private_channels_are_for_their_members(peers: Story):
    schedule = peers.add_schedule(channel=PRIVATE)
    assert "What are you working on" in opens(peers, HELPER)
    assert "What are you working on" not in opens(peers, PEER)
    # They can't join a check-in that they were not shown either.
    peers.click(PEER, "home_checkin_join", str(schedule), view=peers.slack.homes[PEER])
    assert "That list has changed" in str(peers.slack.views[-1][1])
    assert "checkin_leave" not in opens(peers, PEER)
    press(peers, HELPER, "home_checkin_join")
    # Without the event of their leaving, they see no more than how to leave the
    # check-in.
    peers.slack.members_by_channel[PRIVATE] = []
    peers.clock.advance(hours=2)
    assert "What are you working on" not in opens(peers, HELPER)
    assert "A check-in in a private channel that you left" in visible_home(
        peers, HELPER
    )
    press(peers, HELPER, "checkin_leave")
    peers.deliver()
    assert "private channel" not in visible_home(peers, HELPER)
