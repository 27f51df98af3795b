"""The sandbox's seeded story: play it, and return to its end."""

import sys
import threading
from pathlib import Path

from bot.db.engine import sqlite_file
from cli.app import Application
from cli.sandbox_copy import SandboxCopy, clear_tables
from cli.time_travel import TravelWork
from sandbox import Sandbox
from sandbox.scenarios import stories
from sandbox.workspace.clock import TravelClock


class SeededStory:
    """A story that fills the sandbox. A reset returns to its end."""

    def __init__(
        self,
        file: Path,
        slack: Sandbox,
        application: Application,
        clock: TravelClock,
        work: TravelWork,
    ) -> None:
        """Take a sandbox whose clock shows the time at which the story begins."""
        self._file = file
        self._slack, self._clock = slack, clock
        self._application, self._work = application, work
        self._begins_at = clock()
        self._has_ended = threading.Event()
        # One reset at a time.
        self._reset_lock = threading.Lock()
        # None with PostgreSQL, where a reset plays the story once more.
        self._end: SandboxCopy | None = None

    def play(self) -> None:
        """Play the story; stop quietly if the bot is told to stop."""
        database = self._application.database
        file = sqlite_file(database.engine.url)
        try:
            stories.play(self._slack, self._file)
            # Otherwise the bot may still do something while the copy is made.
            self._work.run_due()
            if file is not None:
                self._end = SandboxCopy(self._slack, self._clock, database, file)
        except stories.StoryError as error:
            if not self._application.is_ending:
                print(f"{error}. The story ends here.", file=sys.stderr)
        finally:
            self._has_ended.set()

    def begin_again(self) -> None:
        """Return to the end of the story; wait for it if it is still played."""
        self._has_ended.wait()
        with self._reset_lock:
            self._begin_again()

    def _begin_again(self) -> None:
        # So that the bot remembers nothing that it would write down later.
        self._work.run_due()
        if self._end is not None:
            self._end.restore()
            return
        self._slack.workspace.clear()
        # The bot detects mentors on a day relative to the story's start.
        self._clock.restart(self._begins_at)
        clear_tables(self._application.database)
        self.play()
