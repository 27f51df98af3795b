"""Participants who have not shared are reminded once, in their own daytime."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import jobs.checkins
from bot.checkins.schedules import stop
from bot.slack.api import RateLimited
from bot.workspace import member_settings
from models import Channel, Participant, Round, Schedule
from tests.checkins import WEEK, get_checkin, join, response_states, share
from tests.factories import MONDAY, Story
from tests.slack_payloads import (
    ASKER,
    HELP_CHANNEL,
    HELPER,
    conversation_object,
    user_object,
)

# Hours and days do not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

# In Helsinki it is ten then.
TUESDAY = MONDAY + timedelta(days=1)
AWAY = {"profile": {"display_name": "Ana", "status_emoji": ":palm_tree:"}}


@pytest.fixture
def joined_round(story: Story) -> Round:
    """A round that Ana has joined and not shared in."""
    new_round = story.post_round()
    join(story, ASKER, new_round)
    return new_round


def tick(story: Story, at: datetime | None = None) -> None:
    story.clock.now = at or story.clock.now
    jobs.checkins.send_reminders(story.rt, story.worker)
    story.deliver()


def direct_messages(story: Story, member: str = ASKER) -> list[str]:
    return story.slack.texts_to(member)


def set_preferences(story: Story, **choices: Any) -> None:
    with story.rt.write(story.rt.workspaces.only) as tx:
        member_settings.update(tx, ASKER, **choices)


def update_profile(story: Story, **facts: Any) -> None:
    user = user_object(ASKER, **facts)
    assert story.event({"type": "user_change", "user": user}) == 200


@pytest.mark.parametrize(
    "end", ["channel_archive", "channel_left", "channel_deleted", "deleted", "paused"]
)
def test_nobody_is_reminded_of_a_deleted_check_in(
    story: Story, joined_round: Round, end: str
):
    if end.startswith("channel"):
        story.event({"type": end, "channel": HELP_CHANNEL})
    else:
        with story.rt.write_session.begin() as session:
            stop(session, session.get_one(Schedule, joined_round.schedule_id), end)
    tick(story, TUESDAY + timedelta(hours=1))
    assert direct_messages(story) == []


def test_guests_who_may_not_take_part_are_not_reminded(
    story: Story, joined_round: Round
):
    update_profile(story, is_restricted=True)
    with story.rt.write_session.begin() as session:
        session.get_one(Channel, joined_round.channel_id).guests_may_ask = False
    tick(story, TUESDAY + timedelta(hours=1))
    assert direct_messages(story) == []


@pytest.fixture
def private_round(story: Story) -> Round:
    """A private channel's round that Ana has joined and not shared in."""
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "secret", is_private=True
    )
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    joined_round = story.post_round()
    join(story, ASKER, joined_round)
    return joined_round


def test_a_private_channels_member_is_reminded(story: Story, private_round: Round):
    tick(story, TUESDAY + timedelta(minutes=1))
    [note] = direct_messages(story)
    assert "#secret" in note


@pytest.mark.deep
def test_after_an_unreported_leave_the_end_of_reminders_is_not_sent(
    story: Story, private_round: Round
):
    missed_rounds(story, 3)
    assert len(stop_notes(story)) == 1
    story.click(ASKER, "checkin_go_on", str(private_round.schedule_id), channel="D0ANA")
    missed_rounds(story, 2, start=3)
    joined_round = story.post_round(MONDAY + 5 * WEEK)
    tick(story, MONDAY + 5 * WEEK + timedelta(days=1, hours=1))
    story.slack.members_by_channel[HELP_CHANNEL] = [HELPER]
    story.clock.now = joined_round.closes_at
    story.close_rounds()
    assert len(stop_notes(story)) == 1


def test_membership_is_fetched_again_if_slack_did_not_answer(
    story: Story, private_round: Round
):
    story.slack.fail["users.conversations"] = [RateLimited("users.conversations", 30)]
    tick(story, TUESDAY + timedelta(minutes=1))
    assert direct_messages(story) == []
    tick(story, TUESDAY + timedelta(minutes=2))
    assert len(direct_messages(story)) == 1


def test_one_message_after_a_day_and_no_other(story: Story, joined_round: Round):
    tick(story, TUESDAY - timedelta(seconds=1))
    assert direct_messages(story) == []
    tick(story, TUESDAY + timedelta(minutes=1))
    [reminder] = story.slack.messages_to(ASKER)
    assert "#help is asking “What are you working on this week?”" in reminder.text
    assert "until Friday 13 March at 10:00" in reminder.text
    buttons = reminder.blocks[-1]["elements"]
    assert [button["action_id"] for button in buttons] == [
        "checkin_share",
        "checkin_leave",
    ]
    assert buttons[0]["value"] == str(joined_round.id)
    for hours in range(1, 70):
        tick(story, TUESDAY + timedelta(hours=hours))
    assert len(direct_messages(story)) == 1


def test_a_member_who_has_shared_is_not_reminded(story: Story, joined_round: Round):
    join(story, HELPER, joined_round)
    share(story, ASKER, joined_round)
    story.say(HELPER, "Tests", thread_ts=joined_round.ts)
    tick(story, TUESDAY + timedelta(hours=1))
    assert direct_messages(story) == direct_messages(story, HELPER) == []


def test_a_member_who_shares_during_the_delivery_is_not_reminded(
    story: Story, joined_round: Round
):
    story.clock.now = TUESDAY + timedelta(minutes=1)
    jobs.checkins.send_reminders(story.rt, story.worker)
    story.say(ASKER, "The parser", thread_ts=joined_round.ts)
    story.deliver()
    assert direct_messages(story) == []


def test_a_reminder_outside_contact_hours_waits_for_the_morning(
    story: Story, joined_round: Round
):
    story.clock.now = TUESDAY + timedelta(minutes=1)
    jobs.checkins.send_reminders(story.rt, story.worker)
    # The bot was down for the rest of the day.
    tick(story, datetime(2026, 3, 10, 21, 0, tzinfo=UTC))
    assert direct_messages(story) == []
    tick(story, datetime(2026, 3, 11, 6, 59, tzinfo=UTC))
    assert direct_messages(story) == []
    tick(story, datetime(2026, 3, 11, 7, 0, tzinfo=UTC))
    assert len(direct_messages(story)) == 1


@pytest.mark.parametrize(
    ("tz", "at"),
    [
        ("Europe/Helsinki", "2026-03-10 08:01"),
        ("America/Los_Angeles", "2026-03-10 16:00"),
        ("Asia/Tokyo", "2026-03-11 00:00"),
        (None, "2026-03-10 09:00"),
    ],
)
def test_a_reminder_follows_the_members_own_clock(
    story: Story, joined_round: Round, tz: str | None, at: str
):
    update_profile(story, tz=tz)
    then = datetime.fromisoformat(at).replace(tzinfo=UTC)
    tick(story, TUESDAY + timedelta(minutes=1))
    tick(story, max(then - timedelta(minutes=1), story.clock()))
    assert direct_messages(story) == [] or tz == "Europe/Helsinki"
    tick(story, then)
    assert len(direct_messages(story)) == 1


def test_the_members_own_hours_and_pause_are_respected(
    story: Story, joined_round: Round
):
    set_preferences(story, hours_from=time(13), paused_until=date(2026, 3, 12))
    tick(story, TUESDAY + timedelta(minutes=1))
    tick(story, datetime(2026, 3, 11, 12, 0, tzinfo=UTC))
    tick(story, datetime(2026, 3, 12, 10, 59, tzinfo=UTC))
    assert direct_messages(story) == []
    tick(story, datetime(2026, 3, 12, 11, 0, tzinfo=UTC))
    assert len(direct_messages(story)) == 1


def test_not_at_a_weekend(story: Story):
    story.add_schedule(weekdays=["5"], open_days=6)
    friday = datetime(2026, 3, 6, 8, 0, tzinfo=UTC)
    joined_round = story.post_round(friday)
    join(story, ASKER, joined_round)
    for hour in range(24, 71):
        tick(story, friday + timedelta(hours=hour))
        assert direct_messages(story) == []
    tick(story, datetime(2026, 3, 9, 7, 0, tzinfo=UTC))
    assert len(direct_messages(story)) == 1


def test_reminders_can_be_switched_off(story: Story, joined_round: Round):
    set_preferences(story, wants_reminders=False)
    tick(story, TUESDAY + timedelta(hours=1))
    set_preferences(story, wants_reminders=True)
    tick(story, TUESDAY + timedelta(hours=2))
    assert direct_messages(story) == []


@pytest.mark.parametrize("nudge_after", [None, 96])
def test_a_check_in_may_send_no_reminders(story: Story, nudge_after: int | None):
    joined_round = story.post_round(remind_after=nudge_after)
    join(story, ASKER, joined_round)
    for day in range(1, 4):
        tick(story, MONDAY + timedelta(days=day, hours=1))
    assert direct_messages(story) == []


# Away


def test_a_member_on_vacation_is_neither_reminded_nor_missed(
    story: Story, joined_round: Round
):
    update_profile(story, **AWAY)
    for day in range(1, 4):
        tick(story, MONDAY + timedelta(days=day, hours=1))
    assert direct_messages(story) == []
    story.close_rounds()
    assert response_states(story, joined_round) == {ASKER: "away"}


def test_a_member_back_in_time_is_reminded(story: Story, joined_round: Round):
    update_profile(story, **AWAY)
    tick(story, TUESDAY + timedelta(minutes=1))
    update_profile(story)
    tick(story, TUESDAY + timedelta(days=1, hours=1))
    assert len(direct_messages(story)) == 1


def test_a_vacation_with_an_end_date_ends_then(story: Story, joined_round: Round):
    back = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
    until = AWAY["profile"] | {"status_expiration": int(back.timestamp())}
    update_profile(story, profile=until)
    tick(story, TUESDAY + timedelta(minutes=1))
    assert get_checkin(story, joined_round, ASKER).remind_at == back
    tick(story, back)
    assert len(direct_messages(story)) == 1


# Missed rounds


def missed_rounds(story: Story, count: int, *, start: int = 0) -> Round:
    """Let this many weeks pass without a response by Ana; return the last round."""
    for week in range(start, start + count):
        joined_round = story.post_round(MONDAY + week * WEEK)
        if not response_states(story, joined_round):
            join(story, ASKER, joined_round)
        tick(story, MONDAY + week * WEEK + timedelta(days=1, hours=1))
        story.close_rounds()
    return joined_round


def stop_notes(story: Story) -> list[str]:
    return [
        text for text in direct_messages(story) if "I'll stop reminding you" in text
    ]


@pytest.mark.deep
def test_after_three_missed_rounds_reminders_stop_with_a_message(story: Story):
    missed_rounds(story, 2)
    assert (len(direct_messages(story)), stop_notes(story)) == (2, [])
    missed_rounds(story, 1, start=2)
    [stop] = stop_notes(story)
    assert stop.startswith("You've missed the last three rounds of")
    missed_rounds(story, 3, start=3)
    assert len(direct_messages(story)) == 4
    [button, _] = story.slack.messages_to(ASKER)[-1].blocks[-1]["elements"]
    assert button["action_id"] == "checkin_go_on"
    story.click(ASKER, "checkin_go_on", button["value"], channel="D0ANA")
    assert "again" in story.slack.responses[-1][1]
    missed_rounds(story, 3, start=6)
    # Three more reminders, and one more message that they stop.
    assert (len(direct_messages(story)), len(stop_notes(story))) == (8, 2)


def test_without_reminders_the_message_that_they_stop_is_not_sent(story: Story):
    for week in range(4):
        joined_round = story.post_round(MONDAY + week * WEEK, open_days=1)
        if week == 0:
            join(story, ASKER, joined_round)
        tick(story, MONDAY + week * WEEK + timedelta(hours=23))
        story.close_rounds()
        assert response_states(story, joined_round) == {ASKER: "missed"}
    assert direct_messages(story) == []


@pytest.mark.parametrize("end", ["channel_archive", "deleted", "paused"])
def test_a_deleted_check_in_sends_no_message_that_reminders_stop(
    story: Story, end: str
):
    missed_rounds(story, 2)
    joined_round = story.post_round(MONDAY + 2 * WEEK)
    tick(story, MONDAY + 2 * WEEK + timedelta(days=1, hours=1))
    if end.startswith("channel"):
        story.event({"type": end, "channel": HELP_CHANNEL})
    else:
        with story.rt.write_session.begin() as session:
            stop(session, session.get_one(Schedule, joined_round.schedule_id), end)
    story.clock.now = joined_round.closes_at
    story.close_rounds()
    assert response_states(story, joined_round) == {ASKER: "missed"}
    assert stop_notes(story) == []


@pytest.mark.deep
def test_sharing_resumes_reminders(story: Story):
    missed_rounds(story, 3)
    joined_round = story.post_round(MONDAY + 3 * WEEK)
    share(story, ASKER, joined_round)
    story.close_rounds()
    count = len(direct_messages(story))
    missed_rounds(story, 1, start=4)
    assert len(direct_messages(story)) == count + 1


def test_a_late_reply_cancels_the_message_that_reminders_stop(story: Story):
    missed_rounds(story, 2)
    joined_round = story.post_round(MONDAY + 2 * WEEK)
    story.clock.now = joined_round.closes_at
    jobs.checkins.close_rounds(story.rt, story.worker)
    story.say(ASKER, "Sorry, I was ill", thread_ts=joined_round.ts)
    story.deliver()
    assert response_states(story, joined_round) == {ASKER: "shared"}
    assert stop_notes(story) == []
    with story.rt.read_session() as session:
        assert session.scalars(select(Participant)).one().reminders_stopped_at is None


@pytest.mark.deep
def test_rounds_on_vacation_are_not_missed(story: Story):
    missed_rounds(story, 2)
    update_profile(story, **AWAY)
    joined_round = missed_rounds(story, 1, start=2)
    assert response_states(story, joined_round) == {ASKER: "away"}
    update_profile(story)
    assert stop_notes(story) == []
    missed_rounds(story, 1, start=3)
    assert len(stop_notes(story)) == 1


def test_a_member_who_left_gets_no_messages(story: Story, joined_round: Round):
    with story.rt.read_session() as session:
        schedule = session.scalars(select(Schedule.id)).one()
    story.click(ASKER, "checkin_leave", str(schedule))
    tick(story, TUESDAY + timedelta(hours=1))
    assert direct_messages(story) == []
    story.click(ASKER, "checkin_go_on", str(schedule))
    assert "Join it again" in story.slack.responses[-1][1]
