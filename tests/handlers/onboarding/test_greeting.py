"""The greeting of newcomers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.programs import membership
from bot.slack.api import OutcomeUnknown, Rejected
from bot.workspace import member_settings
from bot.workspace.member_settings import MemberSettings
from models import OutboxItem
from tests.checkins import visible_text
from tests.factories import Story
from tests.onboarding import NEW, arrive, change_peers, press
from tests.people import workspace_program
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)

# Messages do not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def join(
    story: Story, member: str, channel: str = NEW, *, at: str | None = None
) -> None:
    """Add a person to a channel."""
    story.event(
        {
            "type": "member_joined_channel",
            "user": member,
            "channel": channel,
            "channel_type": "C",
            "event_ts": at or story.ts(),
        }
    )
    story.deliver()


def chosen(story: Story, member: str) -> MemberSettings:
    with story.rt.read(story.rt.workspaces.only) as tx:
        return member_settings.get(tx, member)


def test_a_newcomer_is_greeted_once_whichever_channels_they_join(
    arrived: Story,
) -> None:
    arrive(arrived, channel="C0MORE", inviter=None)
    arrived.clock.advance(hours=1)
    for channel in (NEW, NEW, "C0MORE"):
        join(arrived, PEER, channel)
    [greeting] = arrived.slack.messages_to(PEER)
    assert greeting.text.startswith("Welcome to ")
    assert "Four short rules" in json.dumps(greeting.blocks)
    assert chosen(arrived, PEER).is_greeted
    press(arrived, PEER, "Ask your peers")
    assert arrived.slack.views[-1][1]["callback_id"] == "ask"


def test_the_greeting_has_the_rules_of_the_workspaces_own_program(
    arrived: Story,
) -> None:
    change_peers(arrived, rules=["Be kind."], time_needed="10 minutes a week!")
    join(arrived, PEER)
    shown = visible_text(arrived.slack.messages_to(PEER)[0])
    assert "One short rule" in shown
    assert "Be kind." in shown
    assert "Time: 10 minutes a week! Taking part is optional." in shown
    assert "Ask early" not in shown


def buttons(story: Story, member: str) -> list[str]:
    return [
        element["text"]["text"]
        for block in story.slack.messages_to(member)[0].blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


OTHERS = ["Ask your peers", "No more greetings"]


def test_the_greeting_offers_to_join_the_workspaces_own_program(
    arrived: Story,
) -> None:
    join(arrived, PEER)
    assert buttons(arrived, PEER) == [OTHERS[0], "Join Peers", OTHERS[1]]
    press(arrived, PEER, "Join Peers")
    assert arrived.slack.views[-1][1]["callback_id"] == "program_join"


def test_a_greeting_offers_to_join_only_to_those_who_may(arrived: Story) -> None:
    arrived.command(ADMIN, "/backswing", channel=NEW)
    arrived.submit_settings(ADMIN, "settings", {"guests_may_ask": ["yes"]})
    join(arrived, GUEST)
    assert buttons(arrived, GUEST) == OTHERS
    change_peers(arrived, joining="invitation", name="Friends &amp; co")
    join(arrived, PEER)
    assert buttons(arrived, PEER) == OTHERS
    change_peers(arrived, joining="open")
    join(arrived, HELPER)
    assert buttons(arrived, HELPER)[1] == "Join Friends & co"


def test_who_has_joined_before_the_greeting_is_sent_is_offered_nothing(
    arrived: Story,
) -> None:
    arrived.clock.now = FRIDAY_EVENING
    join(arrived, PEER)
    with arrived.rt.write(arrived.workspace) as tx:
        program = workspace_program(tx)
        membership.join(tx, program, PEER, rules_version=1)
    monday(arrived)
    assert buttons(arrived, PEER) == OTHERS


FRIDAY_EVENING = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tz", "then"),
    [
        ("Europe/Helsinki", datetime(2026, 3, 9, 7, 0, tzinfo=UTC)),
        ("America/New_York", FRIDAY_EVENING),
        ("Asia/Tokyo", datetime(2026, 3, 9, 0, 0, tzinfo=UTC)),
        (None, datetime(2026, 3, 9, 9, 0, tzinfo=UTC)),
    ],
)
def test_a_greeting_waits_for_the_newcomers_own_daytime(
    arrived: Story, tz: str | None, then: datetime
) -> None:
    arrived.slack.people[PEER] = user_object(PEER, tz=tz)
    arrived.clock.now = FRIDAY_EVENING
    join(arrived, PEER)
    if then > FRIDAY_EVENING:
        assert arrived.slack.messages_to(PEER) == []
        arrived.clock.now = then - timedelta(seconds=1)
        arrived.worker.send_due()
        assert arrived.slack.messages_to(PEER) == []
        arrived.clock.now = then
        arrived.deliver()
    assert len(arrived.slack.messages_to(PEER)) == 1


def wait_for_morning(story: Story, member: str = PEER) -> None:
    """Let a person join in the evening, so that their greeting waits."""
    story.clock.now = FRIDAY_EVENING
    join(story, member)
    assert story.slack.messages_to(member) == []


def monday(story: Story) -> None:
    story.clock.now = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
    story.deliver()


def test_changes_of_the_newcomers_hours_and_pause_are_respected(
    arrived: Story,
) -> None:
    wait_for_morning(arrived)
    with arrived.rt.write(arrived.rt.workspaces.only) as tx:
        member_settings.update(
            tx,
            PEER,
            hours_from=time(13),
            paused_until=datetime(2026, 3, 10, tzinfo=UTC).date(),
        )
    monday(arrived)
    assert arrived.slack.messages_to(PEER) == []
    arrived.clock.now = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
    arrived.deliver()
    assert len(arrived.slack.messages_to(PEER)) == 1


def leave(story: Story) -> None:
    story.event({"type": "user_change", "user": user_object(PEER, deleted=True)})


def ask_a_question(story: Story) -> None:
    story.command(PEER, "/ask", "How do I fix x?", channel=NEW)


def opt_out(story: Story) -> None:
    story.click(PEER, "greetings_off")


def remove_the_bot(story: Story) -> None:
    story.event({"type": "channel_left", "channel": NEW})


def leave_the_channel(story: Story) -> None:
    story.event(
        {
            "type": "member_left_channel",
            "user": PEER,
            "channel": NEW,
            "event_ts": story.ts(),
        }
    )


def archive(story: Story) -> None:
    story.event({"type": "channel_archive", "channel": NEW})


@pytest.mark.parametrize(
    "meanwhile",
    [leave, ask_a_question, opt_out, remove_the_bot, archive, leave_the_channel],
)
def test_an_outdated_greeting_is_not_sent(
    arrived: Story, meanwhile: Callable[[Story], None]
) -> None:
    wait_for_morning(arrived)
    meanwhile(arrived)
    monday(arrived)
    assert arrived.slack.messages_to(PEER) == []


def test_a_greeting_cancelled_in_one_channel_may_be_sent_for_another(
    arrived: Story,
) -> None:
    wait_for_morning(arrived)
    remove_the_bot(arrived)
    monday(arrived)
    arrive(arrived, channel="C0MORE", inviter=None)
    arrived.clock.advance(minutes=10)
    join(arrived, PEER, "C0MORE")
    assert len(arrived.slack.messages_to(PEER)) == 1


@pytest.mark.parametrize(
    "facts",
    [{"is_bot": True}, {"deleted": True}, {"is_stranger": True}, {"team_id": "T9"}],
)
def test_bots_external_members_and_deactivated_people_are_not_greeted(
    arrived: Story, facts: dict[str, Any]
) -> None:
    arrived.slack.people["U0ODD"] = user_object("U0ODD", **facts)
    join(arrived, "U0ODD")
    arrived.advance(days=1)
    assert arrived.slack.messages_to("U0ODD") == []


def test_guests_are_greeted_where_they_may_ask(arrived: Story) -> None:
    arrived.command(ADMIN, "/backswing", channel=NEW)
    arrived.submit_settings(ADMIN, "settings", {"guests_may_ask": []})
    join(arrived, GUEST)
    assert arrived.slack.messages_to(GUEST) == []
    arrive(arrived, channel="C0MORE", inviter=None)
    arrived.clock.advance(minutes=10)
    join(arrived, GUEST, "C0MORE")
    assert len(arrived.slack.messages_to(GUEST)) == 1


def test_people_who_joined_before_or_with_the_bot_are_no_newcomers(
    story: Story,
) -> None:
    before = story.ts()
    join(story, HELPER)
    arrive(story)
    join(story, PEER, at=before)
    join(story, CHAMPION)
    story.advance(days=1)
    assert [m.channel for m in story.slack.messages] == [ASKER]


def test_in_a_channel_without_the_bot_nobody_is_greeted(story: Story) -> None:
    join(story, PEER, "C0AWAY")
    story.ask()
    story.event({"type": "channel_left", "channel": HELP_CHANNEL})
    join(story, PEER, HELP_CHANNEL)
    story.advance(days=1)
    assert story.slack.messages_to(PEER) == []


def test_opting_out_of_greetings_lasts(arrived: Story) -> None:
    join(arrived, PEER)
    press(arrived, PEER, "No more greetings")
    assert "no more greetings" in arrived.slack.responses[-1][1]
    assert not chosen(arrived, PEER).wants_greetings
    with arrived.rt.write(arrived.rt.workspaces.only) as tx:
        member_settings.update(tx, HELPER, wants_greetings=False)
    join(arrived, HELPER)
    assert arrived.slack.messages_to(HELPER) == []


def test_an_external_member_changes_nothing_here(arrived: Story) -> None:
    arrived.slack.people["U9ZED"] = user_object("U9ZED", team_id="T9")
    arrived.click("U9ZED", "greetings_off")
    assert chosen(arrived, "U9ZED").wants_greetings


def test_a_greeting_with_an_unknown_outcome_is_not_sent_again(arrived: Story) -> None:
    arrived.slack.fail["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "TimeoutError")
    ]
    arrived.slack.fail["conversations.history"] = [
        Rejected("conversations.history", "missing_scope")
    ]
    join(arrived, PEER)
    arrived.advance(minutes=1)
    with arrived.rt.read_session() as session:
        greetings = select(OutboxItem.state).filter_by(kind="onboarding.greeting")
        assert session.scalars(greetings).one() == "lost"
    arrive(arrived, channel="C0MORE", inviter=None)
    arrived.clock.advance(minutes=10)
    join(arrived, PEER, "C0MORE")
    assert arrived.slack.messages_to(PEER) == []


def test_a_member_who_left_one_of_two_channels_is_greeted_for_the_other(
    arrived: Story,
) -> None:
    arrive(arrived, channel="C0MORE", inviter=None)
    arrived.clock.now = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
    join(arrived, PEER, NEW)
    join(arrived, PEER, "C0MORE")
    leave_one(arrived, PEER, "C0MORE", at=arrived.ts())
    arrived.advance(hours=12)
    [greeting] = arrived.slack.messages_to(PEER)
    assert NEW in json.dumps(greeting.blocks)


def test_the_greeting_names_the_channel_joined_first(
    arrived: Story,
) -> None:
    arrive(arrived, channel="C0MORE", inviter=None)
    arrived.clock.now = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
    first = arrived.ts()
    arrived.clock.advance(minutes=1)
    join(arrived, PEER, NEW)
    join(arrived, PEER, "C0MORE", at=first)
    arrived.advance(hours=12)
    [greeting] = arrived.slack.messages_to(PEER)
    assert "C0MORE" in json.dumps(greeting.blocks)


def test_of_repeated_and_late_joins_the_latest_counts(arrived: Story) -> None:
    arrived.clock.now = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
    first = arrived.ts()
    arrived.clock.advance(minutes=1)
    left_at = arrived.ts()
    arrived.clock.advance(minutes=1)
    join(arrived, PEER, NEW)
    join(arrived, PEER, NEW, at=first)
    leave_one(arrived, PEER, NEW, at=left_at)
    arrived.advance(hours=12)
    assert len(arrived.slack.messages_to(PEER)) == 1


def test_a_leave_from_before_the_join_changes_nothing(arrived: Story) -> None:
    arrived.clock.now = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
    left_at = arrived.ts()
    arrived.clock.advance(minutes=1)
    join(arrived, PEER, NEW)
    leave_one(arrived, PEER, NEW, at=left_at)
    arrived.advance(hours=12)
    assert len(arrived.slack.messages_to(PEER)) == 1


def leave_one(story: Story, member: str, channel: str, *, at: str) -> None:
    leave_fields = {"user": member, "channel": channel, "event_ts": at}
    assert story.event({"type": "member_left_channel", **leave_fields}) == 200


@pytest.mark.deep
def test_someone_on_vacation_is_not_greeted_because_they_came_before(
    arrived: Story,
) -> None:
    # A Saturday: the greeting waits for Monday, but they leave before.
    arrived.clock.now = datetime(2026, 3, 7, 10, tzinfo=UTC)
    join(arrived, PEER)
    leave_one(arrived, PEER, NEW, at=arrived.ts())
    arrived.advance(days=40)
    user = user_object(PEER, "Chi", team_id=arrived.team)
    user["profile"] |= {"status_emoji": ":palm_tree:", "status_expiration": 0}
    arrived.slack.people[PEER] = user
    arrived.event({"type": "user_change", "user": user})
    join(arrived, PEER)
    arrived.advance(hours=1)
    assert not arrived.slack.messages_to(PEER)


@pytest.mark.deep
def test_an_erased_member_is_not_greeted_until_they_use_the_bot(
    arrived: Story,
) -> None:
    joined_at = arrived.ts()
    join(arrived, PEER, at=joined_at)
    view = _forget(arrived, PEER)
    assert arrived.submit(PEER, view, {}).status == 200
    arrived.deliver()
    assert arrived.slack.messages_to(PEER) == []
    join(arrived, PEER, at=joined_at)
    assert arrived.slack.messages_to(PEER) == []
    arrived.clock.advance(minutes=1)
    join(arrived, PEER)
    assert arrived.slack.messages_to(PEER) == []
    arrived.command(PEER, "/backswing")
    join(arrived, PEER)
    assert len(arrived.slack.messages_to(PEER)) == 1


def _forget(story: Story, member: str) -> dict[str, Any]:
    story.command(member, "/backswing", "forget me")
    return story.slack.views[-1][1]
