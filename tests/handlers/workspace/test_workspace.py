"""Events about channels, users and the installation."""

from typing import Any

import pytest

from bot.slack.api import OutcomeUnknown, RateLimited, Rejected
from bot.workspace import members, sync
from tests.factories import Story
from tests.slack_payloads import (
    ASKER,
    HELP_CHANNEL,
    PEER,
    conversation_object,
    reaction_event,
    user_object,
)
from tests.workspace import channel, member


def test_profiles_are_updated(known: Story) -> None:
    changed = user_object(ASKER, "Anna", tz="Asia/Tokyo", is_admin=True)
    assert known.event({"type": "user_change", "user": changed}) == 200
    now = member(known, ASKER)
    assert (now.name, now.tz, now.is_admin) == ("Anna", "Asia/Tokyo", True)


@pytest.mark.parametrize(
    ("offset", "zone"),
    [
        (-18000, "Etc/GMT+5"),
        (19800, "Asia/Kolkata"),
        (0, "UTC"),
        (None, None),
        ("soon", None),
    ],
)
def test_without_a_zone_the_offset_counts(known: Story, offset: Any, zone: str | None):
    changed = user_object(ASKER, "Ana", tz=None, tz_offset=offset)
    assert known.event({"type": "user_change", "user": changed}) == 200
    assert member(known, ASKER).tz == zone
    changed = user_object(ASKER, "Ana", tz="Asia/Tokyo", tz_offset=offset)
    known.event({"type": "user_change", "user": changed})
    assert member(known, ASKER).tz == "Asia/Tokyo"


@pytest.mark.parametrize("is_job", [True, False])
def test_a_changed_profile_is_not_undone_by_what_slack_was_asked_before(
    known: Story, is_job: bool
) -> None:
    known.clock.advance(days=8)

    def change(method: str) -> None:
        if method == "users.info":
            known.slack.on_call = lambda _: None
            known.clock.advance(seconds=1)
            known.event({"type": "user_change", "user": user_object(ASKER, "Anna")})
            known.clock.advance(seconds=1)

    known.slack.on_call = change
    if is_job:
        sync.refresh_stale_users(known.rt, known.workspace)
    else:
        sync.refresh(known.rt, known.workspace, users=[ASKER])
    assert member(known, ASKER).name == "Anna"


@pytest.mark.parametrize("is_first", [False, True])
def test_a_late_old_event_about_a_person_changes_nothing(
    known: Story, is_first: bool
) -> None:
    """Slack repeats it, or it failed first: then the later one had no news."""
    ana, left_at = user_object(ASKER), known.ts()
    gone = {"type": "user_change", "user": ana | {"deleted": True}}
    if not is_first:
        assert known.event(gone | {"event_ts": left_at}) == 200
        assert member(known, ASKER).is_deactivated
    known.clock.advance(seconds=20)
    assert known.event({"type": "user_change", "user": ana}) == 200
    known.clock.advance(seconds=40 if is_first else 5)
    assert known.event(gone | {"event_ts": left_at}) == 200
    assert not member(known, ASKER).is_deactivated
    # Slack is asked, and has the last word.
    known.slack.people[ASKER] = ana | {"deleted": True}
    sync.refresh_stale_users(known.rt, known.workspace)
    assert member(known, ASKER).is_deactivated
    # An event without a time is one of now.
    assert known.event({"type": "user_change", "user": ana, "event_ts": None}) == 200
    assert not member(known, ASKER).is_deactivated


@pytest.mark.parametrize("seconds", [-2, 2])
def test_a_change_and_a_fetch_at_the_same_time_leave_the_later_profile(
    known: Story, seconds: int
) -> None:
    """Also if the event of a change before the fetch comes before Slack's answer."""
    known.clock.advance(days=8)
    known.slack.people[ASKER] = user_object(ASKER, "Fetched")
    changed = {"type": "user_change", "user": user_object(ASKER, "Changed")}
    changed["event_ts"] = f"{int(known.clock().timestamp()) + seconds}.000100"

    def change(method: str) -> None:
        if method == "users.info":
            known.slack.on_call = lambda _: None
            known.clock.advance(seconds=3)
            known.event(changed)

    known.slack.on_call = change
    sync.refresh_stale_users(known.rt, known.workspace)
    assert member(known, ASKER).name == ("Changed" if seconds > 0 else "Fetched")


@pytest.mark.parametrize("error", ["token_expired", "missing_scope", "user_not_found"])
def test_a_refused_token_says_nothing_about_people(known: Story, error: str) -> None:
    with known.rt.write(known.workspace) as tx:
        members.ensure(tx, [PEER])
    known.slack.fail["users.info"] = [Rejected("users.info", error)]
    sync.fetch_new_users(known.rt, known.workspace)
    person = member(known, PEER)
    assert person.is_deactivated is (error == "user_not_found")
    assert (person.fetched_at is None) is (error != "user_not_found")


def test_a_name_can_do_no_harm(known: Story) -> None:
    hostile = user_object(ASKER, "<!channel>\n*a*\u202e" + "x" * 300)
    known.event({"type": "user_change", "user": hostile})
    name = member(known, ASKER).name
    assert len(name) == 80
    assert "\u202e" not in name
    assert "\n" not in name


def test_the_sync_finds_the_bots_channels(known: Story) -> None:
    known.slack.channels = {"C0NEW": conversation_object("C0NEW", "new")}
    sync.sync_channels(known.rt, known.rt.workspaces.only)
    assert not channel(known).is_joined
    assert channel(known, "C0NEW").is_joined


def test_users_who_can_not_be_fetched_now_are_fetched_later(
    known: Story,
) -> None:
    known.say(PEER, "So.", thread_ts=known.only_ask().ts)
    known.slack.fail["users.info"] = [RateLimited("users.info", 30)]
    sync.fetch_new_users(known.rt, known.rt.workspaces.only)
    assert member(known, PEER).fetched_at is None
    sync.fetch_new_users(known.rt, known.rt.workspaces.only)
    assert known.slack.calls.count("users.info") == 2  # Ana's, and this one.
    known.clock.advance(seconds=30)
    sync.fetch_new_users(known.rt, known.rt.workspaces.only)
    assert member(known, PEER).name == "Chi"


def test_stale_profiles_are_kept_while_slack_is_unreachable(known: Story) -> None:
    known.clock.advance(hours=2)
    known.slack.fail["users.info"] = [OutcomeUnknown("users.info", "TimeoutError")]
    known.slack.fail["conversations.info"] = [OutcomeUnknown("conversations.info", "x")]
    assert known.command(ASKER, "/ask", "How is it done?").body == ""


def test_stale_profiles_are_fetched_again(known: Story) -> None:
    known.slack.people[ASKER] = user_object(ASKER, "Anna")
    sync.refresh_stale_users(known.rt, known.rt.workspaces.only)
    assert member(known, ASKER).name == "Ana"
    known.clock.advance(days=8)
    sync.refresh_stale_users(known.rt, known.rt.workspaces.only)
    assert member(known, ASKER).name == "Anna"


@pytest.mark.parametrize(
    "event",
    [
        {"type": "no_such_event_yet", "whatever": [1]},
        {"type": "channel_created", "channel": {"id": "C9"}},
        {"type": "message", "subtype": "channel_join", "user": PEER, "ts": "1.1"},
        {
            "type": "message",
            "subtype": "bot_message",
            "ts": "1.1",
            "channel": HELP_CHANNEL,
        },
    ],
)
def test_events_without_effect_are_acknowledged(
    story: Story, event: dict[str, Any]
) -> None:
    assert story.event(event) == 200


@pytest.mark.parametrize(
    "event",
    [
        {"type": "reaction_added", "user": "<@U1>", "item": {"type": "message"}},
        {"type": "reaction_added", "user": PEER, "item": {"type": "message"}},
        reaction_event(PEER, "1772442000.000100", "a\x00b", "1.1"),
        reaction_event(PEER, "1772442000.000100", "\ud800", "1.1"),
        reaction_event(PEER, "1772442000.000100", "x" * 201, "1.1"),
        {"type": "message", "user": PEER, "ts": "yesterday", "channel": HELP_CHANNEL},
        {"type": "message", "user": PEER, "ts": "1" * 400, "channel": HELP_CHANNEL},
        {"type": "message", "subtype": "message_deleted"},
        {"type": "user_change", "user": {}},
        {"type": "user_change", "user": "U1"},
        {"type": "channel_rename", "channel": HELP_CHANNEL},
        {"type": "member_joined_channel"},
        {"type": "app_home_opened"},
    ],
)
def test_a_malformed_event_is_acknowledged(story: Story, event: dict[str, Any]) -> None:
    """Another delivery would not make it valid."""
    story.set_up_channel(capture="all")
    assert story.event(event) == 200


def test_another_workspaces_events_change_nothing(known: Story) -> None:
    ts = known.only_ask().ts
    event = {
        "type": "message",
        "user": PEER,
        "text": "So.",
        "ts": known.ts(),
        "thread_ts": ts,
        "channel": HELP_CHANNEL,
    }
    foreign = [{"team_id": "T0OTHER", "enterprise_id": None}]
    assert known.event(event, team_id="T0OTHER", authorizations=foreign) == 200
    assert known.answers() == []
    # The same message with another team's id, but for our installation, is ours.
    assert known.event(event, team_id="T0OTHER") == 200
    assert len(known.answers()) == 1


def test_a_failed_transaction_is_not_acknowledged(known: Story) -> None:
    ts = known.only_ask().ts
    known.rt.write_session.configure(bind=None)  # The database is gone.
    event = {
        "type": "message",
        "user": PEER,
        "text": "So.",
        "ts": known.ts(),
        "thread_ts": ts,
        "channel": HELP_CHANNEL,
    }
    assert known.event(event) == 500


def test_characters_that_no_database_stores_do_not_block_an_ask(story: Story) -> None:
    story.set_up_channel(capture="all")
    story.say(ASKER, "What \x00 is \ud800 this?")
    assert story.only_ask().title == "What  is  this?"
