"""The disk is full or read-only: nothing is half done, and work resumes later."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.db.engine import Database
from bot.outbox.queue import LEASE_DURATION
from models import Base
from tests.factories import Story
from tests.remembered import forget
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, message_event

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

LONG = "All that I have tried so far, in many words. " * 60
PLENTY = 100_000
# Profiles and channels are stored as soon as they are fetched.
FACTS = {"channels", "members"}


def pragma(database: Database, statement: str) -> Any:
    """Run a pragma on the only connection that writes."""
    with closing(database.engine.raw_connection()) as connection:
        result = connection.cursor().execute(f"PRAGMA {statement}").fetchone()
        return result and result[0]


def leave_no_room(database: Database) -> None:
    """Limit the file's size, so that it can't grow for almost any addition."""
    database.close()
    with closing(sqlite3.connect(str(database.engine.url.database))) as connection:
        for statement in (
            "PRAGMA journal_mode = DELETE",
            "PRAGMA page_size = 512",
            "VACUUM",
        ):
            connection.execute(statement)


def all_rows(database: Database) -> dict[str, list[Any]]:
    with database.read_session() as session:
        return {
            table.name: list(session.execute(select(table)))
            for table in Base.metadata.sorted_tables
            if table.name not in FACTS
        }


def ask(story: Story) -> Callable[[], bool]:
    story.command(ASKER, "/ask")
    form = story.slack.views[-1][1]
    values = {"title": "How do I fix x?", "details": LONG, "channel": HELP_CHANNEL}
    return lambda: story.submit(ASKER, form, values).body == ""


def replies(story: Story) -> Callable[[], bool]:
    post = story.ask()
    events = [
        message_event(HELPER, "Have you tried it again?", story.ts(), post.ts)
        for _ in range(20)
    ]
    return lambda: all(story.event(event) == 200 for event in events)


def thank(story: Story) -> Callable[[], bool]:
    story.command(ASKER, "/kudos")
    form = story.slack.views[-1][1]
    values = {"people": [HELPER, PEER], "reason": LONG[:400], "channel": HELP_CHANNEL}
    return lambda: story.submit(ASKER, form, values).body == ""


@pytest.mark.parametrize("work", [ask, replies, thank])
def test_at_each_write_without_room_nothing_is_half_done(
    story: Story, database: Database, work: Callable[[Story], Callable[[], bool]]
):
    do = work(story)
    forget(story)
    leave_no_room(database)
    pages = pragma(database, "page_count")
    failed = 0
    while True:
        pragma(database, f"max_page_count = {pages + failed}")
        before = all_rows(database)
        if do():
            break
        failed += 1
        if work is not replies:
            assert all_rows(database) == before
    assert failed > 0
    pragma(database, f"max_page_count = {PLENTY}")
    for _ in range(3):
        story.advance(seconds=61)
    assert len([m for m in story.slack.messages if m.channel == HELP_CHANNEL]) == 1
    if work is replies:
        assert len(story.answers()) == 20


def test_a_message_posted_when_the_disk_was_full_is_found_later(
    story: Story, database: Database
):
    story.command(ASKER, "/ask", "How do I fix x?")

    def take_no_more(method: str) -> None:
        if method == "chat.postMessage":
            pragma(database, "query_only = ON")

    story.slack.on_call = take_no_more
    with pytest.raises(OperationalError, match="readonly"):
        story.deliver()
    assert len(story.slack.messages) == 1
    story.slack.on_call = lambda _: None
    pragma(database, "query_only = OFF")
    story.advance(seconds=LEASE_DURATION.total_seconds() + 1)
    assert story.only_ask().ts == story.slack.messages[0].ts
    assert len(story.slack.messages) == 1
