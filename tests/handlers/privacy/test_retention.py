"""Data that expires, and messages that are redacted later."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest
from slack_sdk.models.blocks import Block
from sqlalchemy import select

from bot.asks.message_kinds import ASK_CONVERTED
from bot.feature import Feature, Features
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.privacy import redaction
from bot.runtime import Transaction
from bot.slack.actions import SlackAction, UpdateMessage
from bot.slack.api import Rejected
from models import OutboxItem
from tests.factories import Story
from tests.personal_data import (
    REASON,
    WORDS,
    days_pass,
    everything_in,
    forget,
    members_named,
    totals,
    visible_messages,
)
from tests.slack_payloads import (
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    form_values,
    user_object,
)


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_deactivated_member_is_erased_after_a_while(lived: Story):
    deactivated = user_object(ASKER, deleted=True)
    assert lived.event({"type": "user_change", "user": deactivated}) == 200
    before = totals(lived)
    days_pass(lived, 89)
    assert members_named(lived, ASKER).name == "Ana"
    days_pass(lived, 2)
    lived.advance(minutes=5)
    assert "'Ana'" not in everything_in(lived)
    assert WORDS not in visible_messages(lived)
    assert totals(lived) == before
    days_pass(lived, 8)
    assert ASKER not in everything_in(lived).replace("U0ANABEL", "")


def test_a_member_who_returns_in_time_is_not_erased(lived: Story):
    for is_gone in (True, False):
        user = user_object(ASKER, deleted=is_gone)
        assert lived.event({"type": "user_change", "user": user}) == 200
    days_pass(lived, 400)
    assert members_named(lived, ASKER).name == "Ana"


@pytest.fixture
def converted_story(story: Story) -> Story:
    """Dan converted a message of Ana, who was told."""
    story.set_up_channel(champions=[CHAMPION])
    ts = story.say(ASKER, WORDS)
    story.message_shortcut(CHAMPION, "make_ask", ASKER, ts, WORDS)
    story.advance(minutes=1)
    assert story.slack.texts_to(ASKER)[0].startswith("Dan made")
    return story


def the_letter(story: Story) -> OutboxItem:
    with story.rt.read_session() as session:
        [item] = session.scalars(select(OutboxItem).filter_by(kind="ask.converted"))
    return item


@pytest.mark.deep
def test_a_member_named_in_the_payload_only_is_redacted(converted_story: Story):
    forget(converted_story, CHAMPION)
    assert converted_story.slack.texts_to(ASKER)[0].startswith("Someone made")


def test_the_payloads_of_sent_messages_expire(converted_story: Story):
    days_pass(converted_story, 29)
    assert the_letter(converted_story).payload == {"by": CHAMPION}
    days_pass(converted_story, 2)
    assert the_letter(converted_story).payload == {}
    assert the_letter(converted_story).state == "sent"


@pytest.mark.deep
def test_without_its_payload_a_message_is_rendered_as_far_as_possible(
    converted_story: Story,
):
    days_pass(converted_story, 31)
    ask = converted_story.only_ask()
    converted_story.react(PEER, ask.ts or "", "eyes")
    forget(converted_story, PEER)
    assert converted_story.slack.texts_to(ASKER)[0].startswith("Someone made")


def test_kudos_in_a_thread_outlast_their_payload(story: Story):
    ask = story.ask()
    answer = story.say(HELPER, "Use x.", thread_ts=ask.ts)
    story.message_shortcut(
        ASKER, "thank_author", HELPER, answer, "Use x.", thread_ts=ask.ts
    )
    view = story.slack.views[-1][1]
    entered = form_values(view) | {
        "people": [HELPER, PEER],
        "reason": REASON,
        "channel": HELP_CHANNEL,
    }
    story.submit(ASKER, view, entered)
    story.advance(minutes=2)
    days_pass(story, 31)
    forget(story, PEER)
    here = json.dumps(
        [[m.text, m.blocks] for m in story.slack.messages_to(HELP_CHANNEL)]
    )
    assert REASON in here
    assert PEER not in here


def test_a_bug_in_rendering_deletes_nothing(converted_story: Story):
    """Only an item with a redacted payload may lack its content."""

    def draw(_tx: Transaction, claim: Delivery) -> SlackAction:
        return claim.payload["no such thing"]  # type: ignore[no-any-return]

    broken = Feature(name="broken", message_types=[MessageType(ASK_CONVERTED, draw)])
    rt = replace(converted_story.rt, features=Features([broken]))
    fake = SimpleNamespace(
        subject_id=the_letter(converted_story).id, started_at=converted_story.clock()
    )
    claim = cast("Delivery", fake)
    with rt.read(rt.workspaces.only) as tx, pytest.raises(KeyError):
        redaction.render_redaction(tx, claim)
    days_pass(converted_story, 31)
    with rt.read(rt.workspaces.only) as tx:
        taken_back = redaction.render_redaction(tx, claim)
    assert isinstance(taken_back, UpdateMessage)
    assert "removed this message" in taken_back.text


def refuse_updates(
    monkeypatch: pytest.MonkeyPatch, story: Story, error: str
) -> Callable[[], None]:
    """Make Slack reject updates in the channel; return a function to allow them."""
    update = story.slack.update

    def refuse(channel: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        if channel == HELP_CHANNEL:
            raise Rejected("chat.update", error)
        update(channel, ts, text, blocks)

    def allow() -> None:
        monkeypatch.undo()

    monkeypatch.setattr(story.slack, "update", refuse)
    return allow


def rewordings(story: Story) -> list[str]:
    with story.rt.read_session() as session:
        found = session.scalars(select(OutboxItem).filter_by(kind="privacy.redact"))
        return [item.state for item in found]


@pytest.mark.deep
def test_a_rejected_redaction_is_retried_another_day(
    lived: Story, monkeypatch: pytest.MonkeyPatch
):
    allow = refuse_updates(monkeypatch, lived, "is_archived")
    forget(lived)
    assert set(rewordings(lived)) == {"rejected"}
    allow()
    days_pass(lived, 0.5)
    lived.advance(minutes=5)
    assert "daylight" in visible_messages(lived)
    days_pass(lived, 1)
    lived.advance(minutes=5)
    assert "daylight" not in visible_messages(lived)
    assert rewordings(lived) == []


def test_a_deleted_message_is_not_redacted_again(
    lived: Story, monkeypatch: pytest.MonkeyPatch
):
    refuse_updates(monkeypatch, lived, "message_not_found")
    forget(lived)
    assert rewordings(lived) == []
