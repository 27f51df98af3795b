"""Play a beginning that many tests share once, and restore its end for the others.

Ends are files, so that all workers of a run share them. They go with the run, or with
the folder that the environment names: `.ci/run` has one for several runs.
"""

import hashlib
import os
import pickle
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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

    database: bytes
    slack: bytes
    now: datetime
    number: int
    result: bytes


FOLDER = "BACKSWING_TEST_BEGINNINGS"
# The versions in the header of an SQLite file: https://www.sqlite.org/fileformat2.html
_ROLLBACK_JOURNAL = b"\1\1"
# An object without a `repr` of its own: another one may have the same address later.
_ADDRESS = re.compile(r" at 0x[0-9a-f]")


def _load(past: str) -> _End | None:
    """Return the end of what was played so far; None if no worker has been there."""
    try:
        return cast("_End", pickle.loads(_file(past).read_bytes()))  # noqa: S301 - Ours.
    except FileNotFoundError:
        return None


def _save(past: str, end: _End) -> None:
    file = _file(past)
    # No worker reads a part of it, and of two the last one wins.
    begun = file.with_suffix(f".{os.getpid()}")
    begun.write_bytes(pickle.dumps(end))
    begun.replace(file)


def _file(past: str) -> Path:
    # Another tree, such as a changed copy of this one, has its own.
    name = hashlib.sha256(f"{__file__}\n{past}".encode()).hexdigest()
    return Path(os.environ[FOLDER]) / name


class Memory:
    """What a test has played so far, as long as it only played shared beginnings."""

    def __init__(self, story: "Story", file: Path, place: str) -> None:
        """Take the test's SQLite file, and a text that names what ran before it."""
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
        end = _load(past)
        if end is None:
            result = play()
            # There may be a beginning in the middle of this one.
            self._did_something_else = False
            _save(past, self.end_of(result))
        else:
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
        with closing(sqlite3.connect(":memory:")) as copy:
            self._database.backup(copy)
            database = bytearray(copy.serialize())
        # Memory has no write-ahead log; the file that it is restored to keeps its own.
        database[18:20] = _ROLLBACK_JOURNAL
        story = self._story
        return _End(
            bytes(database),
            self._slack(),
            story.clock.now,
            story.number,
            pickle.dumps(result),
        )

    def restore(self, end: _End) -> Any:
        """Go to this end; return the result of what led there."""
        with closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(end.database)
            copy.backup(self._database)
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
        assert not _ADDRESS.search(beginning), beginning
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
    """Let a test share its beginnings with others in which the same ran before."""
    story.memory = Memory(story, file, place)
    yield
    forget(story)
