"""Events about channels."""

import json
from typing import Any

import pytest
from sqlalchemy import select

import jobs.workspace
from bot.asks.message_kinds import ASK_UPDATE
from bot.outbox import enqueue
from bot.runtime import Transaction
from bot.slack.api import Rejected
from bot.workspace import channels, sync
from models import Channel, OutboxItem
from tests.factories import Story
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
)
from tests.workspace import MOVE, channel


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


@pytest.mark.deep_on_postgresql
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


def test_a_channel_of_which_slack_says_nothing_is_fetched_soon(story: Story) -> None:
    """Without an inviter, the bot may have made the channel itself."""
    jobs.workspace.sync_channels(story.rt, story.worker)
    away = conversation_object("G0AWAY", "away", is_private=True)
    story.slack.channels["G0AWAY"] = away
    method = "conversations.info"
    story.slack.fail[method] = [Rejected(method, "token_expired")]
    joined = {"type": "member_joined_channel", "user": BOT, "channel_type": "G"}
    assert story.event(joined | {"channel": "G0AWAY"}) == 200
    jobs.workspace.sync_channels(story.rt, story.worker)
    assert channel(story, "G0AWAY").is_joined


def test_features_hear_once_that_a_channel_is_private_or_shared(
    known: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[bool, bool]] = []

    def hear(_: Transaction, restricted: Channel) -> None:
        heard.append((restricted.is_private, restricted.is_shared))

    monkeypatch.setattr(known.rt.features, "on_channel_restricted", hear)
    shared = {"type": "channel_shared", "channel": HELP_CHANNEL}
    private = {
        "type": "message",
        "subtype": "channel_convert_to_private",
        "channel": HELP_CHANNEL,
        "ts": known.ts(),
    }
    for event in (shared, shared, private, private):
        assert known.event(event) == 200
    facts = {"is_private": True, "is_ext_shared": True}
    known.slack.channels[HELP_CHANNEL] |= facts
    known.clock.advance(minutes=2)
    sync.sync_channels(known.rt, known.workspace)
    assert heard == [(False, True), (True, True)]
    # It was made public, and private again; only the bot's new join was told.
    public = {"is_private": False, "is_ext_shared": False}
    known.slack.channels[HELP_CHANNEL] |= public
    known.clock.advance(minutes=2)
    sync.sync_channels(known.rt, known.workspace)
    joined = {"type": "member_joined_channel", "user": BOT, "channel": HELP_CHANNEL}
    assert known.event(joined) == 200
    known.slack.channels[HELP_CHANNEL] |= {"is_private": True}
    known.clock.advance(minutes=2)
    sync.refresh(known.rt, known.workspace, channel=HELP_CHANNEL)
    assert heard[2:] == [(True, False)]


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


LATER: list[tuple[dict[str, Any], str, object]] = [
    ({"type": "channel_archive", "channel": HELP_CHANNEL}, "is_archived", True),
    ({"type": "channel_left", "channel": HELP_CHANNEL}, "is_joined", False),
    ({"type": "channel_shared", "channel": HELP_CHANNEL}, "is_shared", True),
    (
        {"type": "channel_rename", "channel": {"id": HELP_CHANNEL, "name": "new"}},
        "name",
        "new",
    ),
    (
        {
            "type": "message",
            "subtype": "channel_convert_to_private",
            "channel": HELP_CHANNEL,
            "ts": "1.1",
        },
        "is_private",
        True,
    ),
]


@pytest.mark.parametrize("method", ["users.conversations", "conversations.info"])
def test_an_event_is_not_undone_by_what_slack_was_asked_before(
    known: Story, method: str
) -> None:
    """The list of channels takes many calls, and is of the time before."""
    before = {name: getattr(channel(known), name) for _, name, _ in LATER}

    def ask(meanwhile: bool) -> None:
        def happen(called: str) -> None:
            if called == method:
                known.slack.on_call = lambda _: None
                known.clock.advance(seconds=1)
                for event, _, _ in LATER:
                    assert known.event(event) == 200
                joined = {"type": "member_joined_channel", "user": BOT}
                assert known.event(joined | {"channel": "C0AWAY"}) == 200
                known.clock.advance(seconds=1)

        if meanwhile:
            known.slack.on_call = happen
        if method == "conversations.info":
            known.clock.advance(hours=2)
            sync.refresh(known.rt, known.workspace, channel=HELP_CHANNEL)
        else:
            sync.sync_channels(known.rt, known.workspace)

    ask(meanwhile=True)
    for _, name, value in LATER:
        assert getattr(channel(known), name) == value, name
    assert channel(known, "C0AWAY").is_joined
    # What Slack is asked after that is newer: other events may have been lost.
    known.clock.advance(minutes=2)
    ask(meanwhile=False)
    assert {name: getattr(channel(known), name) for name in before} == before
    assert channel(known, "C0AWAY").is_joined is (method == "conversations.info")


def test_events_about_a_channel_come_in_any_order(known: Story) -> None:
    """Slack delivers again what was not acknowledged, also after what came later."""
    here = {"channel": HELP_CHANNEL, "user": BOT}
    changes = [
        ("channel_left", {"is_joined": False}),
        ("member_joined_channel", {"is_joined": True}),
        ("channel_archive", {"is_archived": True}),
        ("channel_unarchive", {"is_archived": False}),
    ]
    events = [{"type": kind, "event_ts": known.ts()} | here for kind, _ in changes]
    for order in (events, events[::-1]):
        for event in order:
            assert known.event(event) == 200
        assert channel(known).is_joined
        assert not channel(known).is_archived


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


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize(
    ("left", "back", "error"),
    [
        (
            {"type": "channel_left"},
            {"type": "member_joined_channel", "user": BOT},
            "channel_not_found",
        ),
        ({"type": "channel_archive"}, {"type": "channel_unarchive"}, "is_archived"),
        # Both events were lost, and Slack is asked.
        ({"type": "channel_left"}, None, "not_in_channel"),
    ],
)
def test_a_deletion_that_slack_refused_is_made_when_the_bot_is_back(
    known: Story, left: dict[str, str], back: dict[str, str] | None, error: str
) -> None:
    assert known.event({**left, "channel": HELP_CHANNEL}) == 200
    known.slack.fail["chat.delete"] = [Rejected("chat.delete", error)]
    known.click(ASKER, "ask_menu", option=f"delete:{known.only_ask().id}")
    known.submit(ASKER, known.slack.views[-1][1], {})
    known.advance(hours=1)
    assert known.slack.messages_to(HELP_CHANNEL)
    if back is not None:
        assert known.event({**back, "channel": HELP_CHANNEL}) == 200
    else:
        sync.refresh(known.rt, known.workspace, channel=HELP_CHANNEL)
    known.deliver()
    assert known.slack.messages_to(HELP_CHANNEL) == []


def test_the_defaults_apply_although_the_bots_join_was_not_reported(known: Story):
    known.set_up_workspace(default_guests_may_ask=[])
    known.slack.channels["C0LOST"] = conversation_object("C0LOST", "lost")
    jobs.workspace.sync_channels(known.rt, known.worker)
    lost = channel(known, "C0LOST")
    assert lost.bot_joined_at == known.clock.now
    assert lost.guests_may_ask is False


@pytest.mark.deep_on_postgresql
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
