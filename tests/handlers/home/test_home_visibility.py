"""Who sees which content on the Home tab."""

import itertools
from typing import Any

import pytest
from sqlalchemy import select

from bot.slack.api import NotSent
from models import ChannelMember, Home
from tests.factories import Story
from tests.home import PRIVATE, asks_in, joins, leaves, links, opens, visible_home
from tests.slack_payloads import (
    ASKER,
    BOT,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)


@pytest.mark.deep
def test_asks_of_private_channels_are_for_their_current_members(peers: Story):
    asks_in(peers, ASKER, "A great secret?", channel=PRIVATE)
    assert "A great secret?" in opens(peers, HELPER)
    assert "A great secret?" not in opens(peers, PEER)
    peers.slack.members_by_channel[PRIVATE] = [PEER]
    leaves(peers, HELPER, PRIVATE)
    joins(peers, PEER, PRIVATE)
    peers.advance(seconds=3)
    assert "A great secret?" not in visible_home(peers, HELPER)
    assert "A great secret?" in visible_home(peers, PEER)


def test_private_content_waits_until_the_membership_is_known(peers: Story):
    asks_in(peers, ASKER, "A great secret?", channel=PRIVATE)
    asks_in(peers, ASKER, "How do I fix x?")
    opens(peers, HELPER)
    # The event about it was lost.
    peers.slack.members_by_channel[PRIVATE] = []
    peers.clock.advance(hours=2)
    peers.event({"type": "app_home_opened", "user": HELPER, "tab": "home"})
    assert links(peers, HELPER) == ["How do I fix x?"]
    peers.deliver()
    assert links(peers, HELPER) == ["How do I fix x?"]


def test_joins_and_leaves_count_in_the_order_of_their_times(peers: Story):
    opens(peers, HELPER)

    def is_in() -> bool:
        with peers.rt.read_session() as session:
            latest = (
                select(ChannelMember.is_member)
                .where(ChannelMember.member == HELPER)
                .order_by(ChannelMember.event_micros.desc())
            )
            return bool(session.scalar(latest.limit(1)))

    for join_order, leave_order in itertools.permutations([1, 2]):
        now = peers.ts().partition(".")[0]
        events = [
            (joins, f"{now}.00000{join_order}"),
            (leaves, f"{now}.00000{leave_order}"),
        ]
        for send, at in (*events, *reversed(events)):
            send(peers, HELPER, "C0ELSE", event_ts=at)
        assert is_in() is (join_order > leave_order)
        peers.clock.advance(seconds=1)


def test_a_late_response_of_slack_does_not_undo_newer_events(peers: Story):
    asks_in(peers, ASKER, "A great secret?", channel=PRIVATE)

    def meanwhile(method: str) -> None:
        if method == "users.conversations":
            peers.slack.on_call = lambda _: None
            peers.clock.advance(seconds=1)
            leaves(peers, HELPER, PRIVATE)

    peers.slack.on_call = meanwhile
    assert "A great secret?" not in opens(peers, HELPER)


def test_memberships_of_people_without_a_home_are_not_stored(peers: Story):
    joins(peers, PEER, "C0ELSE")
    leaves(peers, PEER, "C0ELSE")
    with peers.rt.read_session() as session:
        assert session.scalars(select(ChannelMember)).all() == []


@pytest.mark.deep
def test_a_channel_that_the_bot_joins_is_fetched_for_all(peers: Story):
    opens(peers, HELPER)
    peers.slack.channels["C0NEW"] = conversation_object("C0NEW", "new")
    peers.slack.members_by_channel["C0NEW"] = [HELPER]
    joins(peers, BOT, "C0NEW")
    asks_in(peers, ASKER, "Who is new here?", channel="C0NEW")
    assert "Who is new here?" in opens(peers, HELPER)


def test_guests_see_only_their_own_content(peers: Story):
    asks_in(peers, ASKER, "How do I fix x?")
    asks_in(peers, GUEST, "A guest asks this?")
    opens(peers, GUEST)
    assert links(peers, GUEST) == ["A guest asks this?"]


@pytest.mark.parametrize(
    "facts", [{"team_id": "T0OTHER"}, {"is_bot": True}, {"deleted": True}]
)
def test_a_person_without_permissions_sees_nothing(peers: Story, facts: dict[str, Any]):
    asks_in(peers, ASKER, "How do I fix x?")
    peers.slack.people["U0ODD"] = user_object("U0ODD", "Odd", **facts)
    peers.slack.members_by_channel[HELP_CHANNEL].append("U0ODD")
    opens(peers, "U0ODD")
    [block] = peers.slack.homes["U0ODD"]["blocks"]
    assert "for members of the workspace" in block["text"]["text"]
    with peers.rt.read_session() as session:
        assert session.scalars(select(Home)).all() == []


@pytest.mark.deep
def test_a_person_whom_slack_does_not_return_now_sees_their_own_content(peers: Story):
    asks_in(peers, ASKER, "How do I fix x?")
    peers.slack.people["U0NEW"] = user_object("U0NEW", "New")
    peers.slack.members_by_channel[HELP_CHANNEL].append("U0NEW")
    peers.slack.fail["users.info"] = [NotSent("users.info", "not_connected")]
    peers.event({"type": "app_home_opened", "user": "U0NEW", "tab": "home"})
    assert links(peers, "U0NEW") == []
    opens(peers, "U0NEW")
    assert links(peers, "U0NEW") == ["How do I fix x?"]
