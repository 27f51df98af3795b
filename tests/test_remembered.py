"""A beginning that is restored can't be told from one that is played."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.workspace import workspace_settings
from models import Base
from tests import remembered
from tests.factories import Story
from tests.remembered import Memory, checkpoint, played_once, remembering
from tests.rows import all_rows

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

plays: list[str] = []


@played_once
def asks(story: Story, title: Any) -> int:
    plays.append(title)
    story.advance(minutes=1)
    story.ask(title)
    return story.asks()[-1].id


def store(story: Story) -> None:
    with story.rt.write(story.workspace) as tx:
        workspace_settings.update(tx, anonymous_delay_minutes=30)


def file_of(story: Story) -> Path:
    return Path(str(story.rt.write_session.kw["bind"].url.database))


def everything(story: Story) -> list[Any]:
    with story.rt.read_session() as session:
        rows = [
            [*map(str, session.execute(select(table)))]
            for table in Base.metadata.sorted_tables
        ]
    return [rows, vars(story.slack), story.clock.now, story.number]


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(remembered.FOLDER, str(tmp_path))


@pytest.mark.usefixtures("own_folder")
def test_it_is_played_once_and_restored_whole(story: Story):
    plays.clear()
    file = file_of(story)
    memory = Memory(story, file, "here")
    start = memory.end_of(None)
    ends = []
    for _ in range(2):
        memory.restore(start)
        with remembering(story, file, "here"):
            asks(story, "How do I fix one?")
            assert asks(story, "How do I fix two?") == len(story.asks()) == 2
        ends.append(repr(everything(story)))
    memory.close()
    assert ends[0] == ends[1]
    assert plays == ["How do I fix one?", "How do I fix two?"]


@pytest.mark.parametrize(
    "act",
    [
        store,
        lambda story: story.clock.advance(seconds=1),
        lambda story: story.slack.calls.append("users.info"),
        lambda story: story.ts(),
    ],
    ids=["commit", "clock", "slack", "number"],
)
@pytest.mark.usefixtures("own_folder")
def test_after_anything_else_it_is_played(story: Story, act: Any):
    file = file_of(story)
    memory = Memory(story, file, "here")
    start = memory.end_of(None)
    with remembering(story, file, "here"):
        asks(story, "How do I fix one?")
    plays.clear()
    memory.restore(start)
    with remembering(story, file, "here"):
        act(story)
        asks(story, "How do I fix one?")
    memory.close()
    assert plays == ["How do I fix one?"]


def test_it_is_not_shared_if_it_depends_on_an_address(story: Story):
    with pytest.raises(AssertionError, match="object at 0x"):
        asks(story, object())


def test_a_patched_test_plays_itself(story: Story, monkeypatch: pytest.MonkeyPatch):
    assert story.memory is None


def test_rows_are_read_again_after_a_commit_and_after_going_back(story: Story):
    story.ask("How do I fix one?")
    go_back = checkpoint(story)
    first = all_rows(story)
    asks(story, "How do I fix two?")
    second = all_rows(story)
    assert len(second["asks"]) == len(first["asks"]) + 1
    assert len(story.slack.messages) == 2
    go_back()
    assert all_rows(story) == first
    assert len(story.slack.messages) == 1
