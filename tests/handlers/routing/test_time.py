"""The times at which steps are taken: hours, downtime, offers, zones and clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.workspace import channels
from tests.factories import Story
from tests.handlers.routing.conftest import QUESTION, Routing
from tests.slack_payloads import (
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)

# Hours and days do not depend on the database.
pytestmark = [
    pytest.mark.deep,
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# Half past nine in Helsinki.
MONDAY = datetime(2026, 3, 9, 7, 30, tzinfo=UTC)


def test_a_first_ask_waits_for_two_hours(routing: Routing, story: Story):
    routing.at(MONDAY)
    story.ask(QUESTION, member=CHAMPION)
    routing.watch(until=MONDAY + 2 * HOUR - MINUTE)
    assert routing.asked() == []
    routing.at(MONDAY + 2 * HOUR + MINUTE)
    assert routing.asked() == [(1, HELPER), (1, PEER)]


def test_a_later_ask_waits_for_four_hours(routing: Routing, story: Story):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.at(MONDAY + 4 * HOUR - MINUTE)
    assert routing.asked() == []
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    assert routing.asked() == [(1, HELPER), (1, PEER)]


def test_after_downtime_steps_are_two_working_hours_apart(
    routing: Routing, story: Story, crowd: list[str]
):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.run()
    # It is down for four days, and back on Friday night.
    back = datetime(2026, 3, 14, 1, tzinfo=UTC)
    before = len(story.slack.messages)
    routing.at(back)
    routing.watch(until=datetime(2026, 3, 16, 6, 30, tzinfo=UTC))
    assert routing.steps() == []
    assert len(story.slack.messages) == before
    routing.watch(until=datetime(2026, 3, 18, 15, tzinfo=UTC))
    steps = routing.steps()
    assert [(step, count) for step, _, count in steps] == [
        (1, 2),
        (2, 2),
        (3, 0),
        (4, 0),
    ]
    # At nine in the morning, and then every two hours.
    opens = datetime(2026, 3, 16, 7, tzinfo=UTC)
    for (_, taken_at, _), hours in zip(steps, (0, 2, 4, 6), strict=True):
        assert timedelta() <= taken_at - opens - hours * HOUR < 20 * MINUTE


def test_people_are_asked_in_the_morning_after_a_night_of_downtime(
    routing: Routing, story: Story
):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.run()
    # Ten in the evening: the step was due at half past one.
    routing.at(MONDAY + 12 * HOUR)
    assert routing.steps() == []
    routing.at(MONDAY + 23 * HOUR + 31 * MINUTE)
    assert routing.asked() == [(1, HELPER), (1, PEER)]


@pytest.mark.parametrize("is_reaction", [False, True])
def test_an_offer_of_help_holds_for_eight_working_hours(
    routing: Routing, story: Story, *, is_reaction: bool
):
    routing.at(MONDAY)
    ask = story.ask(QUESTION)
    if is_reaction:
        story.react(PEER, ask.ts, "eyes")
    else:
        story.click(PEER, "ask_looking", str(story.asks()[-1].id))
    routing.watch(until=MONDAY + 23 * HOUR)
    assert routing.steps() == []
    routing.at(MONDAY + 24 * HOUR + MINUTE)
    assert routing.asked()[0] == (1, HELPER)


def test_an_offer_that_is_taken_back_holds_nothing(routing: Routing, story: Story):
    routing.at(MONDAY)
    ask = story.ask(QUESTION)
    story.react(PEER, ask.ts, "eyes")
    routing.watch(until=MONDAY + 5 * HOUR)
    assert routing.steps() == []
    story.unreact(PEER, ask.ts, "eyes")
    routing.watch(until=MONDAY + 24 * HOUR + MINUTE)
    assert [step for step, _, _ in routing.steps()] == [1]


def test_the_askers_own_offer_holds_nothing(routing: Routing, story: Story):
    routing.at(MONDAY)
    ask = story.ask(QUESTION)
    story.react(ASKER, ask.ts, "eyes")
    story.say(ASKER, "It also fails at home.", thread_ts=ask.ts)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    assert routing.asked() == [(1, HELPER), (1, PEER)]


def test_after_a_deleted_answer_the_next_step_follows(
    routing: Routing, story: Story, crowd: list[str]
):
    routing.at(MONDAY)
    ask = story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    first = routing.asked()
    answer = story.say(crowd[0], "Try it again.", thread_ts=ask.ts)
    routing.at(MONDAY + 7 * HOUR)
    routing.watch(until=MONDAY + 26 * HOUR)
    assert [step for step, _, _ in routing.steps()] == [1]
    story.delete(crowd[0], answer, thread_ts=ask.ts)
    routing.run()
    asked = routing.asked()
    assert asked[:2] == first
    assert [step for step, _ in asked] == [1, 1, 2, 2]
    # Who answered it and thought better of it, is left alone.
    assert crowd[0] not in {member for _, member in asked}


def test_no_step_is_taken_while_an_ask_is_not_open(routing: Routing, story: Story):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.run()
    ask_id = story.asks()[-1].id
    story.click(ASKER, "ask_menu", option=f"close:{ask_id}")
    routing.at(MONDAY + 6 * HOUR)
    assert routing.steps() == []
    story.click(ASKER, "ask_reopen", str(ask_id))
    routing.run()
    assert [step for step, _, _ in routing.steps()] == [1]


def test_nothing_is_done_for_asks_older_than_three_weeks(
    routing: Routing, story: Story
):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY + timedelta(days=22))
    routing.watch(until=MONDAY + timedelta(days=25))
    assert routing.steps() == []


def set_zone(story: Story, member: str, zone: str) -> None:
    story.slack.people[member] = user_object(member, tz=zone)
    assert story.event({"type": "user_change", "user": story.slack.people[member]})


def change_channel(routing: Routing, **values: object) -> None:
    with routing.write() as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        for name, value in values.items():
            setattr(channel, name, value)


def test_someone_in_another_zone_is_asked_in_their_hours_only(
    routing: Routing, story: Story
):
    change_channel(routing, zone="Asia/Tokyo")
    set_zone(story, HELPER, "Europe/Lisbon")
    set_zone(story, PEER, "Asia/Tokyo")
    # Ten in the morning in Tokyo, and one at night in Lisbon.
    start = datetime(2026, 3, 9, 1, tzinfo=UTC)
    routing.at(start)
    story.ask(QUESTION)
    routing.at(start + 4 * HOUR + MINUTE)
    assert routing.asked() == [(1, PEER)]
    # Step 2 is taken at ten in Tokyo, when nobody in Lisbon is awake.
    routing.watch(until=start + 24 * HOUR + MINUTE)
    assert [step for step, _, _ in routing.steps()] == [1, 2]
    assert routing.asked() == [(1, PEER)]


def test_an_asker_in_another_zone_is_told_in_their_hours(
    routing: Routing, story: Story
):
    change_channel(routing, zone="Asia/Tokyo")
    for member in (HELPER, PEER):
        set_zone(story, member, "Asia/Tokyo")
    set_zone(story, ASKER, "Europe/Lisbon")
    start = datetime(2026, 3, 9, 1, tzinfo=UTC)
    routing.at(start)
    story.ask(QUESTION)
    before = len(routing.messages(ASKER))
    routing.at(start + 4 * HOUR + MINUTE)
    assert len(routing.asked()) == 2
    routing.watch(until=datetime(2026, 3, 9, 8, 55, tzinfo=UTC))
    assert len(routing.messages(ASKER)) == before
    routing.at(datetime(2026, 3, 9, 9, 31, tzinfo=UTC))
    assert "I asked two people" in routing.messages(ASKER)[-1].text


def test_days_off_do_not_count(routing: Routing, story: Story):
    change_channel(routing, zone="Europe/Helsinki", days_off=["2026-03-10"])
    # Three in the afternoon.
    start = datetime(2026, 3, 9, 13, tzinfo=UTC)
    routing.at(start)
    story.ask(QUESTION)
    routing.watch(until=start + 42 * HOUR)
    assert routing.steps() == []
    routing.at(datetime(2026, 3, 11, 9, 1, tzinfo=UTC))
    assert [step for step, _, _ in routing.steps()] == [1]


def test_hours_count_over_a_change_of_the_clocks(routing: Routing, story: Story):
    change_channel(routing, zone="Europe/Helsinki")
    # Four o'clock on the Friday before; on Monday it is an hour earlier in UTC.
    start = datetime(2026, 3, 27, 14, tzinfo=UTC)
    routing.at(start)
    story.ask(QUESTION)
    routing.watch(until=datetime(2026, 3, 30, 8, 55, tzinfo=UTC))
    assert routing.steps() == []
    routing.at(datetime(2026, 3, 30, 9, 1, tzinfo=UTC))
    [(_, taken_at, _)] = routing.steps()
    assert taken_at - datetime(2026, 3, 30, 9, tzinfo=UTC) < 2 * MINUTE


def test_steps_follow_the_ask_when_its_channel_gets_a_new_id(
    routing: Routing, story: Story
):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    move = {"old_channel_id": HELP_CHANNEL, "new_channel_id": "C0NEW"}
    story.slack.channels["C0NEW"] = story.slack.channels.pop(HELP_CHANNEL) | {
        "id": "C0NEW"
    }
    assert story.event({"type": "channel_id_changed", **move}) == 200
    routing.watch(until=MONDAY + 24 * HOUR + MINUTE)
    assert [step for step, _, _ in routing.steps()] == [1, 2]
    assert routing.asked() == [(1, HELPER), (1, PEER)]
