"""The doctor's row about the search indexes."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.search import snapshot
from bot.search.follower import SearchFollower
from cli.doctor import search
from cli.doctor.findings import Finding
from models import SearchRebuild, SearchReplica
from tests.doctor import by
from tests.factories import Story


def of_search(story: Story) -> Finding:
    with story.rt.read_session() as session:
        return by(search.examine(session, clock=story.clock))["Search"]


def test_an_index_that_follows(story: Story, follower: SearchFollower):
    story.ask()
    follower.follow()
    found = of_search(story)
    assert (found.level, found.says) == ("ok", "1 ask can be found.")


@pytest.mark.deep_on_postgresql
def test_no_process_follows(story: Story, follower: SearchFollower):
    assert of_search(story).level == "warning"
    follower.follow()
    assert of_search(story).level == "ok"
    story.clock.advance(minutes=61)
    found = of_search(story)
    assert found.level == "warning"
    assert found.says == "No process has followed the database in the last hour."


def test_an_index_is_behind(story: Story, follower: SearchFollower):
    follower.follow()
    story.clock.advance(minutes=6)
    found = of_search(story)
    assert found.level == "warning"
    assert "1 of 1 processes have not followed the database" in found.says


def test_words_of_somebody_forgotten_may_still_be_in_an_index(
    story: Story, follower: SearchFollower
):
    follower.follow()
    with story.rt.write_session.begin() as session:
        session.add(SearchRebuild(requested_at=story.clock(), reason="erasure"))
    found = of_search(story)
    assert found.level == "warning"
    assert "an index from before the last erasure" in found.says
    follower.follow()
    assert of_search(story).level == "ok"


def test_two_processes_follow(story: Story, follower: SearchFollower):
    follower.follow()
    with story.rt.write_session.begin() as session:
        session.execute(update(SearchReplica).values(name="first"))
        second = SearchReplica(
            name="second",
            documents=0,
            rebuild_id=0,
            followed_at=story.clock() - timedelta(seconds=30),
        )
        session.add(second)
    assert of_search(story).says.endswith("and 2 processes follow them.")


def test_tantivy_is_not_installed(story: Story, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshot, "IS_INSTALLED", False)
    found = of_search(story)
    assert found.level == "warning"
    assert "tantivy is not installed" in found.says
