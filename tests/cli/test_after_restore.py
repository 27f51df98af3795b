"""`app.py after-restore`: a copy made by other tools sends nothing twice, too."""

from pathlib import Path

import pytest
from sqlalchemy import select

import app
from bot.runtime import Runtime
from models import OutboxItem, SearchReplica
from tests.conftest import NOW
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL


@pytest.fixture
def prepare(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Run the command on the story's database; return its output."""
    url = rt.autocommit.url.render_as_string(hide_password=False)
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    monkeypatch.setenv("DATABASE_URL", url)

    def run() -> str:
        assert app.main(["after-restore"]) == 0
        return capsys.readouterr().out

    return run


def forget_that_it_was_sent(rt: Runtime) -> None:
    """Take the queue back to before the delivery, as a restored copy does."""
    with rt.write_session.begin() as session:
        for item in session.scalars(select(OutboxItem).filter_by(kind="ask.post")):
            item.state, item.finished_at, item.ts = "pending", None, None
            item.first_sent_at, item.slack_channel = None, None


@pytest.mark.deep_on_postgresql
def test_what_was_sent_since_the_copy_is_not_sent_again(story: Story, prepare):
    story.command(ASKER, "/ask", "How do I fix x?")
    story.deliver()
    posted = story.slack.messages_to(HELP_CHANNEL)
    forget_that_it_was_sent(story.rt)
    with story.rt.write_session.begin() as session:
        session.add(SearchReplica(name="lost", documents=1, followed_at=NOW))
    assert prepare().startswith("Messages that waited in the copy: 1.")
    with story.rt.read_session() as session:
        # The doctor would count a process of the database that was lost.
        assert session.scalars(select(SearchReplica)).all() == []
    story.clock.advance(hours=1)
    for _ in range(3):
        story.advance(seconds=20)
    assert story.slack.messages_to(HELP_CHANNEL) == posted


@pytest.mark.deep_on_postgresql
def test_what_was_not_sent_is_sent_after_a_lookup(story: Story, prepare):
    story.command(ASKER, "/ask", "How do I fix x?")
    prepare()
    for _ in range(3):
        story.advance(seconds=20)
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert story.only_ask().ts == posted.ts


@pytest.mark.deep_on_postgresql
def test_a_second_run_does_no_harm(story: Story, prepare):
    story.command(ASKER, "/ask", "How do I fix x?")
    prepare()
    assert prepare().startswith("Messages that waited in the copy: 0.")
    for _ in range(3):
        story.advance(seconds=20)
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 1


def test_without_a_database_there_is_nothing_to_prepare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'absent.db'}")
    assert app.main(["after-restore"]) == 2
    assert "absent.db does not exist" in capsys.readouterr().err
