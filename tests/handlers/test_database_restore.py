"""A copy of the database is restored, and Slack is ahead of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

import handlers.bolt_app
from bot.db import engine
from bot.features import FEATURES
from bot.outbox.worker import OutboxWorker
from bot.workspace import sync
from cli import backup
from models import OutboxItem
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER

REASON = "for the answer on retries, which saved my day"

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def copied(story: Story, tmp_path: Path) -> Iterator[Story]:
    """Run the bot on a copy made while an ask waited to be posted."""
    story.command(ASKER, "/ask", "How do I fix x?")
    with copy(story, tmp_path) as restored:
        yield restored


@pytest.fixture
def thanked(story: Story, tmp_path: Path) -> Iterator[Story]:
    """Run the bot on a copy made while kudos waited to be posted."""
    response = story.command(ASKER, "/kudos", f"<@{HELPER}> <@{PEER}> {REASON}")
    assert response.status == 200
    with copy(story, tmp_path) as restored:
        yield restored


@contextmanager
def copy(story: Story, tmp_path: Path) -> Iterator[Story]:
    file = engine.sqlite_file(story.rt.write_session.kw["bind"].url)
    assert file is not None
    backup._copy(file, tmp_path / "copy.db")
    restored = engine.connect(f"sqlite:///{tmp_path / 'copy.db'}")
    rt = replace(
        story.rt,
        write_session=restored.write_session,
        read_session=restored.read_session,
        autocommit=restored.autocommit,
    )
    yield Story(
        handlers.bolt_app.create_app(rt),
        rt,
        OutboxWorker(rt, FEATURES.message_types, fetch_new_users=sync.fetch_new_users),
        story.slack,
        story.clock,
    )
    restored.close()


def test_messages_posted_since_are_found_and_not_posted_again(
    story: Story, copied: Story
):
    story.deliver()
    [post] = story.slack.messages
    for _ in range(4):
        copied.advance(minutes=30)
    assert story.slack.messages == [post]
    assert copied.only_ask().ts == post.ts
    # Events that Slack delivers again count as ever.
    copied.say(HELPER, "Have you tried it again?", thread_ts=post.ts)
    assert copied.only_ask().state == "answered"


def test_messages_not_posted_since_are_posted(copied: Story):
    for _ in range(4):
        copied.advance(minutes=30)
    assert len([m for m in copied.slack.messages if m.text.startswith("Ask")]) == 1
    with copied.rt.read_session() as session:
        states = session.scalars(select(OutboxItem.state).filter_by(kind="ask.post"))
        assert states.all() == ["sent"]


def test_follow_up_direct_messages_are_found_and_not_sent_again(
    story: Story, thanked: Story
):
    story.deliver()
    assert [
        len(story.slack.messages_to(recipient))
        for recipient in (HELP_CHANNEL, HELPER, PEER)
    ] == [1, 1, 1]
    sent = list(story.slack.messages)
    for _ in range(6):
        thanked.advance(minutes=30)
    assert story.slack.messages == sent
    with thanked.rt.read_session() as session:
        waiting = session.scalars(select(OutboxItem).filter_by(finished_at=None))
        assert waiting.all() == []
        items = session.scalars(select(OutboxItem).filter_by(kind="kudos.received"))
        assert {item.ts for item in items} == {m.ts for m in sent[1:]}


def test_follow_up_direct_messages_that_are_missing_are_sent(
    story: Story, thanked: Story
):
    """The message was posted, but the process ended before the direct messages."""
    story.worker._ask_queue()
    assert story.worker._take_turn()
    assert [
        len(story.slack.messages_to(recipient))
        for recipient in (HELP_CHANNEL, HELPER, PEER)
    ] == [1, 0, 0]
    for _ in range(6):
        thanked.advance(minutes=30)
    assert [
        len(story.slack.messages_to(recipient))
        for recipient in (HELP_CHANNEL, HELPER, PEER)
    ] == [1, 1, 1]
