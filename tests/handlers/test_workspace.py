"""Events about channels, users and the installation."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.event import listen, remove

import jobs.installations
import jobs.workspace
from bot.asks.message_kinds import ASK_UPDATE
from bot.db.engine import Database
from bot.errors import SettingsError
from bot.outbox import enqueue
from bot.slack.api import OutcomeUnknown, RateLimited, Rejected, SlackError
from bot.workspace import channels, members, sync
from bot.workspace.installations import install
from models import Channel, Installation, Member, OutboxItem
from tests.factories import Story
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    HELP_CHANNEL,
    HELPER,
    PEER,
    TEAM,
    conversation_object,
    reaction_event,
    user_object,
)

MOVE = {
    "type": "channel_id_changed",
    "old_channel_id": HELP_CHANNEL,
    "new_channel_id": "C0NEW",
}


def channel(story: Story, slack_id: str = HELP_CHANNEL) -> Channel:
    with story.rt.read(story.rt.workspaces.only) as tx:
        found = channels.find(tx, slack_id)
    assert found is not None
    return found


def member(story: Story, slack_id: str) -> Member:
    with story.rt.read(story.rt.workspaces.only) as tx:
        found = members.find(tx, slack_id)
    assert found is not None
    return found


def paused_because(story: Story) -> str | None:
    with story.rt.read_session() as session:
        return session.scalar(select(Installation.disabled_reason))


@pytest.fixture
def known(story: Story) -> Story:
    """The channel and Ana are known."""
    story.ask()
    return story


@pytest.mark.parametrize(
    ("event", "fact", "value"),
    [
        ({"type": "channel_archive", "channel": HELP_CHANNEL}, "is_archived", True),
        ({"type": "group_archive", "channel": HELP_CHANNEL}, "is_archived", True),
        ({"type": "channel_deleted", "channel": HELP_CHANNEL}, "is_archived", True),
        ({"type": "channel_left", "channel": HELP_CHANNEL}, "is_joined", False),
        ({"type": "group_left", "channel": HELP_CHANNEL}, "is_joined", False),
        ({"type": "channel_shared", "channel": HELP_CHANNEL}, "is_shared", True),
        (
            {"type": "channel_rename", "channel": {"id": HELP_CHANNEL, "name": "new"}},
            "name",
            "new",
        ),
    ],
)
def test_changes_of_a_channel_are_stored(
    known: Story, event: dict[str, Any], fact: str, value: object
) -> None:
    assert known.event(event) == 200
    assert getattr(channel(known), fact) == value


def test_rounds_start_again_in_an_unarchived_channel(known: Story) -> None:
    known.event({"type": "channel_archive", "channel": HELP_CHANNEL})
    known.event({"type": "channel_unarchive", "channel": HELP_CHANNEL})
    assert known.command(ASKER, "/ask", "How is it done?").body == ""


def test_a_channel_with_a_new_id_keeps_its_asks(known: Story) -> None:
    ask = known.only_ask()
    known.command(
        ASKER, "/backswing", channel="C0NEW"
    )  # It was stored by its new id first.
    assert known.event(MOVE) == 200
    assert known.event(MOVE) == 200
    assert channel(known, "C0NEW").id == ask.channel_id
    known.say(PEER, "So.", thread_ts=ask.ts, channel="C0NEW")
    assert known.only_ask().state == "answered"


def test_queued_items_follow_a_channels_new_id(known: Story) -> None:
    posted = known.only_ask()
    known.command(ASKER, "/ask", "Another one?")
    known.react(PEER, posted.ts or "", "eyes")
    assert known.event(MOVE) == 200
    known.slack.messages[0].channel = "C0NEW"
    assert known.event(MOVE) == 200
    known.advance(minutes=1)
    [first, second] = known.slack.messages_to("C0NEW")
    assert "Looking into it" in json.dumps(first.blocks)
    assert "Another one?" in second.text
    assert known.slack.messages_to(HELP_CHANNEL) == []
    with known.rt.read_session() as session:
        kept = session.scalars(select(OutboxItem)).all()
    assert {item.state for item in kept} == {"sent"}
    assert HELP_CHANNEL not in {item.recipient for item in kept}
    assert HELP_CHANNEL not in {item.slack_channel for item in kept}
    assert not any(HELP_CHANNEL in item.dedup_key.split(":") for item in kept)


def test_an_item_enqueued_to_the_old_and_the_new_id_is_sent_once(
    known: Story,
) -> None:
    posted = known.only_ask()
    known.react(PEER, posted.ts or "", "eyes")
    known.event(MOVE)
    with known.rt.write(known.rt.workspaces.only) as tx:
        # By a transaction that had read the old id before.
        enqueue.enqueue_update(
            tx.session,
            ASK_UPDATE,
            posted.id,
            HELP_CHANNEL,
            installation_id=tx.workspace.id,
            now=known.clock(),
        )
        channels.change_slack_id(tx, "C0NEW", HELP_CHANNEL)
        channels.change_slack_id(tx, HELP_CHANNEL, "C0NEW")
    known.slack.messages[0].channel = "C0NEW"
    known.advance(minutes=1)
    with known.rt.read_session() as session:
        shown = select(OutboxItem.state).filter_by(kind="ask.update")
        assert session.scalars(shown).all() == ["sent"]


def test_an_item_in_flight_when_the_id_changes_is_sent_to_the_new_one(
    known: Story,
) -> None:
    known.command(ASKER, "/ask", "Another one?")

    def move_meanwhile(method: str) -> None:
        if method == "chat.postMessage":
            known.slack.on_call = lambda _: None
            known.event(MOVE)

    known.slack.on_call = move_meanwhile
    known.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "channel_not_found")
    ]
    known.advance(minutes=1)
    assert len(known.slack.messages_to("C0NEW")) == 1
    assert known.slack.texts_to(ASKER) == []


def test_an_invited_bot_is_in_the_channel(story: Story) -> None:
    story.slack.channels["C0AWAY"] = conversation_object("C0AWAY", "away")
    story.event({"type": "member_joined_channel", "user": ASKER, "channel": "C0AWAY"})
    with story.rt.read(story.rt.workspaces.only) as tx:
        assert channels.find(tx, "C0AWAY") is None
    story.event({"type": "member_joined_channel", "user": BOT, "channel": "C0AWAY"})
    assert channel(story, "C0AWAY").is_joined
    assert story.command(ASKER, "/ask", "How is it done?", channel="C0AWAY").body == ""


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


def test_a_name_can_do_no_harm(known: Story) -> None:
    hostile = user_object(ASKER, "<!channel>\n*a*\u202e" + "x" * 300)
    known.event({"type": "user_change", "user": hostile})
    name = member(known, ASKER).name
    assert len(name) == 80
    assert "\u202e" not in name
    assert "\n" not in name


def test_after_an_uninstallation_nothing_is_sent(known: Story) -> None:
    known.slack.calls.clear()
    assert known.event({"type": "app_uninstalled"}) == 200
    known.command(ASKER, "/ask", "Another one?")
    known.advance(minutes=5)
    assert "chat.postMessage" not in known.slack.calls


def test_a_persons_revoked_token_has_no_effect(known: Story) -> None:
    known.event({"type": "tokens_revoked", "tokens": {"oauth": [ASKER], "bot": []}})
    with known.rt.read_session() as session:
        assert session.scalar(select(Installation.disabled_reason)) is None
    known.event({"type": "tokens_revoked", "tokens": {"bot": [BOT]}})
    with known.rt.read_session() as session:
        assert session.scalar(select(Installation.disabled_reason)) == "token_revoked"


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


@pytest.mark.parametrize("kind", ["channel", "group"])
def test_a_channel_that_becomes_private_is_stored_as_such(
    known: Story, kind: str
) -> None:
    turned = {
        "type": "message",
        "user": ADMIN,
        "text": "made this channel *private*.",
        "ts": known.ts(),
        "channel": HELP_CHANNEL,
        "channel_type": kind,
    }
    assert known.event({**turned, "subtype": "channel_convert_to_private"}) == 200
    assert channel(known).is_private
    assert known.event({**turned, "subtype": "channel_convert_to_public"}) == 200
    assert not channel(known).is_private
    assert len(known.asks()) == 1


def test_removed_and_invited_again_the_bot_fetches_what_it_missed(known: Story) -> None:
    ask = known.only_ask()
    assert ask.ts
    known.event({"type": "channel_left", "channel": HELP_CHANNEL})
    answer = known.ts()
    known.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
        {"ts": ask.ts, "user": BOT, "bot_id": "B0", "text": "?"},
        {"ts": answer, "user": PEER, "text": "So.", "thread_ts": ask.ts},
    ]
    known.event({"type": "member_joined_channel", "user": BOT, "channel": HELP_CHANNEL})
    known.advance(minutes=1)
    assert channel(known).is_joined
    assert known.only_ask().state == "answered"
    assert [a.author for a in known.answers()] == [PEER]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"bot": [BOT]}},
    ],
)
def test_reinstalled_with_the_same_token_it_resumes_by_itself(
    known: Story, event: dict[str, Any]
) -> None:
    known.slack.bot_identity = {"team_id": TEAM}
    known.event(event)
    known.command(ASKER, "/ask", "Another one?")
    known.slack.fail["auth.test"] = [Rejected("auth.test", "account_inactive")]
    jobs.installations.check_token(known.rt, known.worker)
    known.advance(minutes=5)
    assert len(known.slack.messages_to(HELP_CHANNEL)) == 1
    jobs.installations.check_token(known.rt, known.worker)
    known.advance(minutes=1)
    assert len(known.slack.messages_to(HELP_CHANNEL)) == 2


def test_an_unreported_revocation_is_noticed(known: Story) -> None:
    known.slack.bot_identity = {"team_id": TEAM}
    known.slack.fail["auth.test"] = [Rejected("auth.test", "token_revoked")]
    jobs.installations.check_token(known.rt, known.worker)
    assert paused_because(known) == "token_revoked"
    jobs.installations.check_token(known.rt, known.worker)
    assert paused_because(known) is None


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("auth.test", "TimeoutError"),
        RateLimited("auth.test", 30),
        Rejected("auth.test", "internal_error"),
    ],
)
def test_if_slack_does_not_answer_the_token_is_trusted(
    known: Story, error: SlackError
) -> None:
    known.slack.fail["auth.test"] = [error]
    jobs.installations.check_token(known.rt, known.worker)
    assert paused_because(known) is None


def test_restarted_with_a_new_token_queued_items_are_sent(
    known: Story,
) -> None:
    known.event({"type": "app_uninstalled"})
    known.command(ASKER, "/ask", "Another one?")
    known.slack.bot_identity = {
        "team_id": TEAM,
        "user_id": BOT,
        "bot_id": "B0",
        "url": "https://peers.slack.com/",
    }
    again = install(known.rt.write_session, known.slack, now=known.clock())
    assert again.id == known.rt.workspaces.only.id
    known.advance(minutes=1)
    assert len(known.slack.messages_to(HELP_CHANNEL)) == 2


def test_a_database_of_another_workspace_is_refused_and_left_as_it_is(
    known: Story,
) -> None:
    known.slack.bot_identity = {
        "team_id": "T0SANDBOX",
        "user_id": "U0OTHER",
        "bot_id": "B0OTHER",
        "url": "https://sandbox.slack.com/",
    }
    with pytest.raises(SettingsError, match=r"to another workspace .* DATABASE_URL"):
        install(known.rt.write_session, known.slack, now=known.clock())
    with known.rt.read_session() as session:
        assert session.scalars(select(Installation.team_id)).all() == [TEAM]


def test_the_defaults_apply_although_the_bots_join_was_not_reported(known: Story):
    known.set_up_workspace(default_guests_may_ask=[])
    known.slack.channels["C0LOST"] = conversation_object("C0LOST", "lost")
    jobs.workspace.sync_channels(known.rt, known.worker)
    lost = channel(known, "C0LOST")
    assert lost.bot_joined_at == known.clock.now
    assert lost.guests_may_ask is False


def test_settings_stored_by_the_new_id_first_belong_to_the_channel(story: Story):
    story.ask("By the old id?")
    story.slack.channels["G0NEW"] = conversation_object(
        "G0NEW", "help", is_private=True
    )
    story.command(ASKER, "/ask", "By the new id?", channel="G0NEW")
    story.deliver()
    moved = {"old_channel_id": HELP_CHANNEL, "new_channel_id": "G0NEW"}
    assert story.event({"type": "channel_id_changed", **moved}) == 200
    first, second = story.asks()
    assert {first.channel_id, second.channel_id} == {channel(story, "G0NEW").id}
    story.say(HELPER, "Yes.", channel="G0NEW", thread_ts=second.ts)
    assert [answer.ask_id for answer in story.answers()] == [second.id]


# Events without a change


@pytest.fixture
def changes(database: Database) -> Iterator[list[str]]:
    """Return a list that gets an entry for each write transaction."""
    begun: list[str] = []

    def note(_connection: object) -> None:
        begun.append("begun")

    listen(database.engine, "begin", note)
    yield begun
    remove(database.engine, "begin", note)


def huddle(n: int) -> dict[str, Any]:
    return {
        "display_name": "Ana",
        "huddle_state": "in_a_huddle",
        "status_emoji": ":headphones:" if n % 2 else "",
        "status_text": "In a huddle" if n % 2 else "",
        "status_expiration": 1_800_000_000 + n,
        "avatar_hash": f"{n}",
    }


@pytest.mark.parametrize("kind", ["user_change", "team_join"])
def test_a_huddle_writes_nothing(known: Story, changes: list[str], kind: str):
    user = user_object(ASKER) | {"profile": huddle(0)}
    assert known.event({"type": "user_change", "user": user}) == 200
    changes.clear()
    for n in range(100):
        user = user_object(ASKER) | {"profile": huddle(n), "updated": n}
        assert known.event({"type": kind, "user": user}) == 200
    assert changes == []


@pytest.mark.parametrize(
    "news",
    [
        {"profile": {"display_name": "Anna"}},
        {"tz": "Asia/Tokyo"},
        {"deleted": True},
        {"is_restricted": True},
        {"is_admin": True},
        {"is_bot": True},
        {"is_stranger": True},
        {"profile": {"status_emoji": ":palm_tree:"}},
    ],
)
def test_a_changed_profile_is_stored_at_once(
    known: Story, changes: list[str], news: dict[str, Any]
):
    user = user_object(ASKER)
    user |= news | {"profile": user["profile"] | news.get("profile", {})}
    known.event({"type": "user_change", "user": user})
    assert changes != []
    changes.clear()
    known.event({"type": "user_change", "user": user})
    assert changes == []


def test_the_end_of_a_vacation_is_stored_and_that_of_a_huddle_is_not(known: Story):
    away = {"status_emoji": ":palm_tree:", "status_expiration": 1_800_000_000}
    for profile, is_kept in ((away, True), (huddle(1), False)):
        user = user_object(ASKER) | {"profile": profile}
        known.event({"type": "user_change", "user": user})
        assert (member(known, ASKER).away_until is not None) is is_kept


def test_nothing_is_written_about_an_unknown_user(known: Story, changes: list[str]):
    known.event({"type": "team_join", "user": user_object("U0ZOE", "Zoe")})
    assert changes == []


@pytest.mark.parametrize(
    ("event", "again"),
    [
        ({"type": "channel_archive"}, True),
        ({"type": "channel_unarchive"}, False),
        ({"type": "channel_left"}, True),
        ({"type": "channel_shared"}, True),
        ({"type": "channel_unshared", "is_ext_shared": False}, False),
        ({"type": "channel_rename"}, True),
    ],
)
def test_only_changes_of_a_channel_are_written(
    known: Story, changes: list[str], event: dict[str, Any], again: bool
):
    for channel_id, is_known in ((HELP_CHANNEL, True), ("C0NOBODY", False)):
        said = event | {"channel": channel_id}
        if event["type"] == "channel_rename":
            said["channel"] = {"id": channel_id, "name": "another"}
        changes.clear()
        assert known.event(said) == 200
        assert bool(changes) is (again and is_known)
        changes.clear()
        assert known.event(said) == 200
        assert changes == []


def test_no_new_id_of_an_unknown_channel_is_written(known: Story, changes: list[str]):
    assert known.event(MOVE | {"old_channel_id": "C0NOBODY"}) == 200
    assert changes == []
