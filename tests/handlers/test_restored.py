"""A copy of the database is restored, and Slack has seen more than it knows of."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

import handlers.bolt
from bot import db
from bot.delivery import Deliverer
from bot.facts import service as facts
from bot.notices import notices
from commands import backup
from models import OutboxItem
from tests.factories import ASKER, HELPER, Story

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def copied(story: Story, tmp_path: Path) -> Iterator[Story]:
    """The bot on a copy that was made when an ask waited to be posted."""
    story.command(ASKER, "/ask", "How do I fix x?")
    file = db.sqlite_file(story.rt.sessions.kw["bind"].url)
    assert file is not None
    backup._copy(file, tmp_path / "copy.db")
    restored = db.connect(f"sqlite:///{tmp_path / 'copy.db'}")
    rt = replace(
        story.rt,
        sessions=restored.sessions,
        reads=restored.reads,
        lookups=restored.lookups,
    )
    yield Story(
        handlers.bolt.make(rt, "xoxb-a-token-for-tests"),
        rt,
        Deliverer(rt, notices(rt.workspace), meet=facts.meet),
        story.slack,
        story.clock,
    )
    restored.close()


def test_what_was_posted_since_is_found_and_not_posted_again(
    story: Story, copied: Story
):
    story.deliver()
    [post] = story.slack.messages
    for _ in range(4):
        copied.later(minutes=30)
    assert story.slack.messages == [post]
    assert copied.the_ask().ts == post.ts
    # What Slack delivers again counts as ever.
    copied.say(HELPER, "Have you tried it again?", thread_ts=post.ts)
    assert copied.the_ask().state == "answered"


def test_what_was_not_posted_since_is_posted(copied: Story):
    for _ in range(4):
        copied.later(minutes=30)
    assert len([m for m in copied.slack.messages if m.text.startswith("Ask")]) == 1
    with copied.rt.reads() as session:
        states = session.scalars(select(OutboxItem.state).filter_by(kind="ask.post"))
        assert states.all() == ["sent"]
