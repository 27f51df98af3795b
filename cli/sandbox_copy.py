"""A copy of the sandbox, the pretend Slack and the bot's database, to return to."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete

from bot.db.engine import Database
from bot.search.changes import latest_rebuild
from models import Base, Installation, SearchRebuild, SearchReplica

if TYPE_CHECKING:
    from sandbox import Sandbox
    from sandbox.workspace.clock import TravelClock


class SandboxCopy:
    """The sandbox as it was when it was copied; only with an SQLite file."""

    def __init__(
        self, slack: "Sandbox", clock: "TravelClock", database: Database, file: Path
    ) -> None:
        """Copy the sandbox, in which nothing happens meanwhile."""
        self._slack, self._clock = slack, clock
        self._database, self._file = database, file
        self._contents = slack.workspace.copy_contents()
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        with closing(sqlite3.connect(file)) as current:
            current.backup(self._rows)
        self._now = clock()

    def restore(self) -> None:
        """Return to that moment, but for what the bot keeps in memory."""
        with self._database.read_session() as session:
            rebuild_id = latest_rebuild(session) + 1
        self._clock.restart(self._now)
        self._slack.workspace.restore(self._contents)
        with closing(sqlite3.connect(self._file)) as current:
            self._rows.backup(current)
        with self._database.write_session.begin() as session:
            # The index knows asks that are gone, and has followed later changes.
            session.execute(delete(SearchReplica))
            session.add(
                SearchRebuild(id=rebuild_id, requested_at=self._now, reason="operator")
            )


def clear_tables(database: Database) -> None:
    """Empty the bot's tables, except its installation."""
    with database.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != Installation.__tablename__:
                connection.execute(table.delete())
