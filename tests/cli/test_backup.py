"""A restored copy sends nothing twice, and loses nothing in the queue."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.config.settings import Settings
from bot.db import engine
from bot.features import FEATURES
from bot.outbox.worker import OutboxWorker
from bot.workspace import sync
from cli import backup
from models import OutboxItem
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def copied(story: Story, folder: Path) -> Path:
    url = str(story.rt.autocommit.url)
    file = folder / "copy.db"
    made = backup.back_up(Settings(database_url=url), argparse.Namespace(file=file))
    assert made == 0
    return file


def restored(story: Story, file: Path) -> Story:
    """Run the bot on the copy, an hour later, in the same Slack."""
    opened = engine.connect(f"sqlite:///{file}")
    rt = replace(
        story.rt,
        write_session=opened.write_session,
        read_session=opened.read_session,
        autocommit=opened.autocommit,
    )
    worker = OutboxWorker(
        rt, FEATURES.message_types, fetch_new_users=sync.fetch_new_users
    )
    story.clock.advance(hours=1)
    return Story(story._bolt, rt, worker, story.slack, story.clock)


def states(story: Story) -> list[tuple[str, str]]:
    with story.rt.read_session() as session:
        rows = session.execute(
            select(OutboxItem.kind, OutboxItem.state).order_by(OutboxItem.id)
        )
        return [(row.kind, row.state) for row in rows]


def test_messages_sent_after_the_copy_are_not_sent_again(story: Story, tmp_path: Path):
    story.command(ASKER, "/ask", "How do I fix x?")
    file = copied(story, tmp_path)
    story.deliver()
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    again = restored(story, file)
    for _ in range(3):
        again.advance(seconds=20)
    assert again.slack.messages_to(HELP_CHANNEL) == [posted]
    assert again.only_ask().ts == posted.ts
    assert ("ask.post", "sent") in states(again)


def test_unsent_messages_are_sent_after_a_lookup(story: Story, tmp_path: Path):
    story.command(ASKER, "/ask", "How do I fix x?")
    again = restored(story, copied(story, tmp_path))
    for _ in range(3):
        again.advance(seconds=20)
    [posted] = again.slack.messages_to(HELP_CHANNEL)
    assert again.only_ask().ts == posted.ts


def test_the_database_itself_is_not_changed(story: Story, tmp_path: Path):
    story.command(ASKER, "/ask", "How do I fix x?")
    before = states(story)
    copied(story, tmp_path)
    assert states(story) == before
    assert {state for _, state in before} == {"pending"}


def test_an_interrupted_copy_leaves_no_file(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(_source: Path, _target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(backup, "_copy", interrupted)
        with pytest.raises(KeyboardInterrupt):
            copied(story, tmp_path)
    assert list(tmp_path.glob("copy.db*")) == []
    assert copied(story, tmp_path).exists()
