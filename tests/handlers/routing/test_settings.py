"""The settings of requests for help: a member's own, and a channel's."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.workspace import channels, member_settings, working_hours
from tests.factories import Story
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    MONDAY_NOON,
    QUESTION,
    Routing,
)
from tests.private_channel import DEN
from tests.slack_payloads import (
    ADMIN,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_errors,
    form_values,
)


def my_form(story: Story, member: str) -> dict[str, Any]:
    story.command(member, "/backswing", "me")
    view: dict[str, Any] = story.slack.views[-1][1]
    return view


def set_mine(story: Story, member: str, **changes: Any) -> Any:
    view = my_form(story, member)
    return story.submit(member, view, form_values(view) | changes)


def hint(view: dict[str, Any], block: str) -> str:
    [field] = [one for one in view["blocks"] if one.get("block_id") == block]
    return str(field["hint"]["text"])


def ask_on_friday(routing: Routing, title: str = QUESTION) -> None:
    routing.at(FRIDAY_AFTERNOON)
    routing.story.ask(title)
    routing.run()
    routing.at(MONDAY_NOON)


@pytest.mark.deep
def test_someone_who_wants_no_requests_gets_none(routing: Routing, story: Story):
    assert set_mine(story, HELPER, max_requests_per_week="never").body == ""
    ask_on_friday(routing)
    assert not routing.requests(HELPER)
    assert routing.requests(PEER)
    assert form_values(my_form(story, HELPER))["max_requests_per_week"] == "never"


@pytest.mark.parametrize(
    ("chosen", "stored"), [("pace", None), ("never", 0), ("1", 1), ("7", 7)]
)
def test_each_pace_is_stored_and_shown(
    routing: Routing, story: Story, chosen: str, stored: int | None
):
    assert set_mine(story, HELPER, max_requests_per_week=chosen).body == ""
    with routing.write() as tx:
        assert member_settings.get(tx, HELPER).max_requests_per_week == stored
    assert form_values(my_form(story, HELPER))["max_requests_per_week"] == chosen


@pytest.mark.parametrize("forged", ["4", "", "-1", "١", "pace "])
def test_another_pace_is_refused(routing: Routing, story: Story, forged: str):
    answer = set_mine(story, HELPER, max_requests_per_week=forged)
    assert "max_requests_per_week" in form_errors(answer)


def test_a_stored_number_between_the_choices_is_shown_as_the_lower_one(
    routing: Routing, story: Story
):
    with routing.write() as tx:
        member_settings.update(tx, HELPER, max_requests_per_week=4)
    assert form_values(my_form(story, HELPER))["max_requests_per_week"] == "3"


def test_nobody_is_asked_about_topics_they_refuse(routing: Routing, story: Story):
    assert set_mine(story, HELPER, topics_refused="VPN, wifi").body == ""
    ask_on_friday(routing)
    assert not routing.requests(HELPER)


@pytest.mark.deep
def test_channels_are_refused_and_taken_back_by_name(routing: Routing, story: Story):
    for member in (HELPER, PEER):
        assert set_mine(story, member, refused_channels="#Help, ,").body == ""
    ask_on_friday(routing)
    assert not routing.requests(HELPER)
    view = my_form(story, HELPER)
    assert form_values(view)["refused_channels"] == "help"
    assert set_mine(story, HELPER, refused_channels="").body == ""
    assert not form_values(my_form(story, HELPER))["refused_channels"]
    routing.advance(hours=4)
    assert routing.requests(HELPER)
    # Chi's own choice stays.
    assert not routing.requests(PEER)


@pytest.mark.parametrize("name", ["nowhere", "<!channel>", "den"])
@pytest.mark.deep_on_postgresql
def test_a_channel_that_a_member_can_not_see_is_unknown(
    routing: Routing, story: Story, name: str
):
    story.slack.channels[DEN] = conversation_object(DEN, "den", is_private=True)
    story.slack.members_by_channel[DEN] = [ADMIN]
    with routing.write() as tx:
        den = channels.get_or_create(tx, DEN)
        den.name, den.is_private, den.is_joined = "den", True, True
    answer = set_mine(story, HELPER, refused_channels=f"help, {name}")
    assert form_errors(answer)["refused_channels"] == f"I don't know #{name}."
    assert not form_values(my_form(story, HELPER))["refused_channels"]


@pytest.mark.deep
def test_members_read_how_often_they_were_asked(routing: Routing, story: Story):
    assert "haven't asked you" in hint(my_form(story, HELPER), "max_requests_per_week")
    ask_on_friday(routing)
    asked = "You were asked 1 time in the last 4 weeks, and looked 0 times."
    assert asked in hint(my_form(story, HELPER), "max_requests_per_week")
    routing.press(HELPER, "request_decline")
    assert "looked 1 time." in hint(my_form(story, HELPER), "max_requests_per_week")
    routing.advance(days=27)
    assert "asked 1 time" in hint(my_form(story, HELPER), "max_requests_per_week")
    routing.advance(days=1)
    assert "haven't asked you" in hint(my_form(story, HELPER), "max_requests_per_week")


# Channels


def channel_form(story: Story) -> dict[str, Any]:
    story.command(ADMIN, "/backswing", channel=HELP_CHANNEL)
    view: dict[str, Any] = story.slack.views[-1][1]
    return view


def set_channel(story: Story, **changes: Any) -> Any:
    view = channel_form(story)
    return story.submit(ADMIN, view, form_values(view) | changes)


def test_a_channel_is_off_until_five_people_have_answered(
    routing: Routing, story: Story
):
    assert set_channel(story, routes_asks="auto").body == ""
    assert "2 people have answered here: it's off." in hint(
        channel_form(story), "routes_asks"
    )
    ask_on_friday(routing)
    assert not routing.requests(HELPER)
    assert set_channel(story, routes_asks="on").body == ""
    routing.run()
    assert routing.requests(HELPER)
    assert "it's on." in hint(channel_form(story), "routes_asks")


def test_a_channels_zone_days_off_and_holidays_count(routing: Routing, story: Story):
    assert "here: Europe/Helsinki." in hint(channel_form(story), "zone")
    answer = set_channel(
        story,
        zone="asia/tokyo",
        days_off="2026-03-10; 2026-03-09 2026-03-10",
        holidays_of="de-by",
    )
    assert answer.body == ""
    values = form_values(channel_form(story))
    assert values["zone"] == "Asia/Tokyo"
    assert values["days_off"] == "2026-03-09, 2026-03-10"
    assert values["holidays_of"] == "DE-BY"
    with routing.write() as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        hours = working_hours.of_channel(tx, channel)
    assert hours.is_day_off(date(2026, 3, 9))
    # Epiphany.
    assert hours.is_day_off(date(2026, 1, 6))
    friday = datetime(2026, 3, 6, 7, tzinfo=UTC)
    assert hours.add(friday, 2) == datetime(2026, 3, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("zone", "Middle/Earth"),
        ("zone", "../../etc/passwd"),
        ("zone", "x" * 3001),
        ("days_off", "2026-13-01"),
        ("days_off", "24.12.2026"),
        ("days_off", "<!channel>"),
        ("days_off", "x" * 40000),
        (
            "days_off",
            ", ".join(f"2026-{m:02}-{d:02}" for m in (1, 3, 5) for d in range(1, 32)),
        ),
        ("holidays_of", "XX"),
        ("holidays_of", "DE-XX"),
        ("routes_asks", "maybe"),
    ],
)
def test_wrong_values_are_refused_next_to_their_field(
    routing: Routing, story: Story, field: str, typed: str
):
    assert list(form_errors(set_channel(story, **{field: typed}))) == [field]
