"""Play a beginning that many tests share once, and restore its end for the others."""

import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from tests.factories import Story

R = TypeVar("R")
Play = TypeVar("Play", bound=Callable[..., Any])

# Slack's state that can't be copied: what a test does when Slack is called.
_NOT_COPIED = "on_call"


@dataclass(frozen=True)
class _End:
    """What a beginning leaves behind."""

    database: sqlite3.Connection
    slack: bytes
    now: datetime
    number: int
    result: bytes


# The last ones of this process, by all that was played until then. Each takes about a
# megabyte.
MOST = 40
_ends: dict[str, _End] = {}


def forget_all() -> None:
    _ends.clear()


class Memory:
    """What a test has played so far, as long as it only played shared beginnings."""

    def __init__(self, story: "Story", file: Path, place: str) -> None:
        """Take the SQLite file of the test, and where its fixtures are defined."""
        self._story = story
        self._database = sqlite3.connect(file, isolation_level=None)
        self._past = place
        self._state = self._look()
        # Then it shares nothing more, so there is nothing to look at.
        self._did_something_else = False
        # What was read from the file as of a version, by who reads.
        self.read: dict[object, tuple[int, Any]] = {}

    def close(self) -> None:
        self._database.close()

    def play(self, beginning: str, play: Callable[[], R]) -> R:
        if self._did_something_else or self._look() != self._state:
            self._did_something_else = True
            return play()
        past = f"{self._past}\n{beginning}"
        end = _ends.get(past)
        if end is None:
            result = play()
            # There may be a beginning in the middle of this one.
            self._did_something_else = False
            _ends[past] = self.end_of(result)
            if len(_ends) > MOST:
                _ends.pop(next(iter(_ends))).database.close()
        else:
            # It was of use, so it goes last.
            _ends[past] = _ends.pop(past)
            result = self.restore(end)
        self._past, self._state = past, self._look()
        return result

    def version(self) -> int:
        """Return a number that is another one after each commit of the test."""
        [version] = self._database.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _look(self) -> tuple[Any, ...]:
        """Return a value that is another one after any other act."""
        story = self._story
        return (
            self.version(),
            story.clock.now,
            story.number,
            self._slack(),
            story.slack.on_call,
        )

    def _slack(self) -> bytes:
        slack = self._story.slack
        names = [each.name for each in fields(slack) if each.name != _NOT_COPIED]
        return pickle.dumps({name: getattr(slack, name) for name in names})

    def end_of(self, result: object) -> _End:
        """Return the state now, as the end of what had this result."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.backup(copy)
        story = self._story
        return _End(
            copy,
            self._slack(),
            story.clock.now,
            story.number,
            pickle.dumps(result),
        )

    def restore(self, end: _End) -> Any:
        """Go to this end; return the result of what led there."""
        end.database.backup(self._database)
        # Its own commits do not change the version.
        self.read.clear()
        story = self._story
        for name, value in pickle.loads(end.slack).items():  # noqa: S301 - Our own.
            setattr(story.slack, name, value)
        story.clock.now = end.now
        story.number = end.number
        return pickle.loads(end.result)  # noqa: S301 - Our own.


def played_once(play: Play) -> Play:
    """Let a beginning be played once, if a test does nothing before but beginnings.

    Its first parameter is the story, and its result is a value, not a part of one. It
    neither reads nor changes what the process keeps, such as counts of messages.
    """

    @wraps(play)
    def remembered(story: "Story", *args: Any, **values: Any) -> Any:
        if story.memory is None:
            return play(story, *args, **values)
        beginning = f"{play.__module__}.{play.__qualname__} {args!r} {values!r}"
        return story.memory.play(beginning, lambda: play(story, *args, **values))

    return cast("Play", remembered)


def checkpoint(story: "Story") -> Callable[[], None]:
    """Return a function that goes back to now, in a test on SQLite without patches."""
    memory = story.memory
    assert memory is not None
    end = memory.end_of(None)

    def go_back() -> None:
        memory.restore(end)

    return go_back


def forget(story: "Story") -> None:
    """Close the test's file, and share nothing that is played from now on."""
    if story.memory is not None:
        story.memory.close()
        story.memory = None


@contextmanager
def remembering(story: "Story", file: Path, place: str) -> Iterator[None]:
    """Let a test share its beginnings with the others of this place."""
    story.memory = Memory(story, file, place)
    yield
    forget(story)
