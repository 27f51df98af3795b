"""The statements that load what was found, and how databases run them."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from bot.db.engine import Database
from bot.knowledge import finding
from bot.search.follower import SearchFollower
from models import Ask, Channel
from tests.factories import Story
from tests.knowledge import TITLE
from tests.slack_payloads import ASKER, PEER

# How databases name what looks rows up by their ids.
LOOKS_UP = {
    "sqlite": "asks USING INTEGER PRIMARY KEY (rowid=?)",
    "postgresql": "pk_asks",
}
# The table by itself, or one of its other indexes.
READS_MANY = re.compile(r"SCAN asks|Seq Scan on asks|(ix|uq|autoindex)_asks_")


@pytest.fixture
def plans(database: Database) -> Iterator[list[str]]:
    """Get the plan of each statement that reads asks."""
    plans: list[str] = []
    engine = database.read_session.kw["bind"]
    explain = "EXPLAIN"
    if engine.dialect.name == "sqlite":
        explain = "EXPLAIN QUERY PLAN"

    def keep(
        connection: Connection, _cursor: Any, sql: str, parameters: Any, *_: Any
    ) -> None:
        if re.search(r"(FROM|JOIN) asks\b", sql):
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(f"{explain} {sql}", parameters)
                plans.append("\n".join(str(row) for row in cursor.fetchall()))

    event.listen(engine, "before_cursor_execute", keep)
    yield plans
    event.remove(engine, "before_cursor_execute", keep)


def add_asks(story: Story) -> None:
    """Let there be 3,000 asks in 3 channels that everyone may read; 60 are found."""
    common = {"installation_id": story.workspace.id}
    with story.rt.write(story.workspace) as tx:
        channels = tx.session.scalars(
            insert(Channel).returning(Channel.id),
            [{**common, "slack_id": f"C0MANY{n}", "is_joined": True} for n in range(3)],
        ).all()
        tx.session.execute(
            insert(Ask),
            [
                {
                    **common,
                    "channel_id": channels[n % len(channels)],
                    "source": f"many {n}",
                    "ts": f"{n}.000000",
                    "asker": PEER,
                    "title": TITLE if n < 60 else "Where is the coffee?",
                    "details": "" if n < 60 else "I looked everywhere. " * 20,
                    "state": "open" if n < 60 else "solved",
                    "asked_at": tx.now,
                }
                for n in range(3000)
            ],
        )
        if tx.session.get_bind().dialect.name == "postgresql":
            # As its autovacuum does.
            tx.session.execute(text("ANALYZE asks"))


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_what_was_found_is_looked_up_by_its_ids(
    story: Story, follower: SearchFollower, database: Database, plans: list[str]
):
    """Not among all asks of the few channels that a person may read."""
    story.ask()
    add_asks(story)
    follower.follow()
    with story.rt.read(story.workspace) as tx:
        plans.clear()
        page = finding.find(
            tx, story.rt.search, ASKER, "vpn certificate", includes_open=True
        )
    assert [entry.title for entry in page.entries] == [TITLE] * finding.PAGE_SIZE
    # Those that were found, their rows, and newer ones with the same problem.
    assert len(plans) == 3
    for plan in plans:
        assert LOOKS_UP[database.engine.dialect.name] in plan, plan
        assert not READS_MANY.search(plan), plan
