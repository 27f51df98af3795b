"""Follow the database: keep this process's search index level with it.

The index is derived, and every process has its own: the first folder
`<search folder>/<number>` that no other process holds. Each pass

1. opens the index, and finds out whether it belongs to this database;
2. builds it anew if it does not, if that was requested, if a search in it failed, or if
   words that were deleted have been in its files for a day;
3. reads which asks have changed, loads them, and changes the index in one commit that
   also records how far it has followed. After a crash the next pass does the same.
"""

import json
import logging
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import delete

from bot.db.statements import upsert
from bot.search import changes, documents
from bot.search.index import IndexUnavailable, SearchIndex
from bot.search.snapshot import IS_INSTALLED, IndexBroken
from models import SearchReplica

if TYPE_CHECKING:
    # The runtime holds the search, and stands above it.
    from bot.runtime import Runtime

log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
# After a failure, such as a full disk.
PAUSE_SECONDS = 30.0
REPORT_EVERY = timedelta(minutes=1)
# A damaged index is built anew; if it still fails, that is not the reason.
REBUILD_AGAIN_AFTER = timedelta(minutes=10)
# Deleted words stay in the index's files until it is built anew.
MAX_AGE_OF_DELETED_WORDS = timedelta(days=1)
# A replica that has not reported for so long is gone.
FORGET_REPLICA_AFTER = timedelta(days=7)
# Processes on one machine that share the folder.
MAX_PROCESSES = 64
# Asks that are compared with the index at the start: the newest, and as many others.
SAMPLE_SIZE = 50


class SearchFollower:
    """A thread that keeps `rt.search` up to date."""

    def __init__(self, rt: "Runtime", folder: Path) -> None:
        self._rt = rt
        self._folder = folder
        self._index: SearchIndex | None = None
        # Set when the index is opened.
        self._state: _State
        self._reported_at: datetime | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)

    def start(self) -> None:
        if IS_INSTALLED:
            self._thread.start()
        else:
            log.warning("search is incomplete, because tantivy is not installed")

    @property
    def is_dead(self) -> bool:
        """True if the thread has ended though nobody stopped it."""
        has_started = self._thread.ident is not None
        is_stopping = self._stopping.is_set()
        return has_started and not is_stopping and not self._thread.is_alive()

    def stop(self, seconds: float) -> None:
        """Stop after the commit that is under way, and release the folder."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        self.close()

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = TICK_SECONDS
            try:
                self.follow()
            except _Stopped:
                return
            except Exception:
                # The disk is full or the database away; the bot goes on without it.
                # To open the index anew repairs it.
                log.exception("following failed")
                self.close()
                pause = PAUSE_SECONDS

    def follow(self) -> None:
        """Bring the index level with the database, and report that."""
        with self._rt.read_session() as session:
            wanted = changes.latest_rebuild(session)
        index, is_ours = self._index, True
        if index is None:
            index, is_ours = self._open()
        if (
            not is_ours
            or wanted > self._state.rebuild_id
            or self._is_rebuild_due()
            or self._has_failed(index)
        ):
            self._rebuild(index, wanted)
            self._rt.search.forget_failure()
        self._apply_changes(index)
        self._rt.search.use(index, followed_at=self._rt.clock())
        self._report(index)

    def _open(self) -> tuple[SearchIndex, bool]:
        """Open the index of this process; return whether it is the database's."""
        index, folder = _open_free(self._folder)
        self._index = index
        self._state = _State(folder / "state.json", self._rt.clock())
        with self._rt.write_session.begin() as session:
            is_foreign = changes.reset_foreign_positions(session)
            known = session.get(SearchReplica, self._state.name)
            is_ours = not is_foreign and self._state.is_as_reported(known)
        if not is_ours or index.followed is None:
            return index, False
        try:
            self._apply_changes(index)
            matches = self._matches(index)
        except IndexBroken:
            # To open it was no repair: a file is damaged where nothing is missing.
            log.exception("the search index can't be used")
            return index, False
        if not matches:
            log.warning("the search index differs from the database")
            return index, False
        self._rename()
        return index, True

    def _rename(self) -> None:
        """Give the replica a new name, here and in the database.

        A database that is restored from a backup knows it by another name or an earlier
        report, so that an index that is ahead of it is not taken for its own.
        """
        with self._rt.write_session.begin() as session:
            session.execute(delete(SearchReplica).filter_by(name=self._state.name))
        self._state.rename()
        self._reported_at = None

    def _matches(self, index: SearchIndex) -> bool:
        """Compare the number of asks, and a sample of them, with the database."""
        with self._rt.read_session() as session:
            if (index.followed or 0) > changes.horizon(session):
                return False
            count = documents.count(session)
            sample = documents.sample(session, SAMPLE_SIZE)
        return index.count == count and index.indexed(sample) == sample

    def _is_rebuild_due(self) -> bool:
        age = self._rt.clock() - self._state.built_at
        return self._state.has_deleted_words and age >= MAX_AGE_OF_DELETED_WORDS

    def _has_failed(self, index: SearchIndex) -> bool:
        age = self._rt.clock() - self._state.built_at
        return self._rt.search.has_failed(index) and age >= REBUILD_AGAIN_AFTER

    def _rebuild(self, index: SearchIndex, wanted: int) -> None:
        """Build the index anew, the newest asks first; the old one serves meanwhile."""
        built_at = self._rt.clock()
        with self._rt.read_session() as session:
            followed = changes.horizon(session)
        with index.rebuild() as rebuild:
            before: int | None = None
            while not self._stopping.is_set():
                with self._rt.read_session() as session:
                    ask_ids = documents.newest_before(session, before)
                    loaded = documents.load(session, ask_ids)
                if not ask_ids:
                    break
                rebuild.add(loaded)
                before = ask_ids[-1]
                if self._rt.search.uses(index):
                    self._apply_changes(index)
            else:
                raise _Stopped
            rebuild.finish(followed)
        self._rename()
        self._state.set_built(wanted, built_at)

    def _apply_changes(self, index: SearchIndex) -> None:
        if index.followed is None:
            # It is not complete: the rebuild reads everything.
            return
        with self._rt.read_session() as session:
            changed = changes.read(session, after=index.followed)
        for start in range(0, len(changed.ask_ids), documents.BATCH_SIZE):
            ask_ids = changed.ask_ids[start : start + documents.BATCH_SIZE]
            is_last = start + documents.BATCH_SIZE >= len(changed.ask_ids)
            with self._rt.read_session() as session:
                loaded = documents.load(session, ask_ids)
            gone = {*ask_ids} - {document.ask_id for document in loaded}
            if index.indexed(ask_ids):
                self._state.set_has_deleted_words()
            followed = changed.until if is_last else index.followed
            index.apply(loaded, gone, followed=followed)

    def _report(self, index: SearchIndex) -> None:
        """Record how far this replica is, each minute and after a rebuild."""
        now = self._rt.clock()
        if self._reported_at and abs(now - self._reported_at) < REPORT_EVERY:
            return
        values = {
            "rebuild_id": self._state.rebuild_id,
            "documents": index.count,
            "followed_at": now,
        }
        with self._rt.write_session.begin() as session:
            session.execute(
                upsert(session, SearchReplica)
                .values(name=self._state.name, **values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )
            session.execute(
                delete(SearchReplica).where(
                    SearchReplica.followed_at < now - FORGET_REPLICA_AFTER
                )
            )
        self._reported_at = now
        self._state.set_reported(now)


def _open_free(folder: Path) -> tuple[SearchIndex, Path]:
    """Open the first index below the folder that no other process uses.

    Raises IndexUnavailable.
    """
    for number in range(MAX_PROCESSES):
        try:
            return SearchIndex(folder / str(number)), folder / str(number)
        except IndexUnavailable:
            if number + 1 == MAX_PROCESSES:
                raise
    raise AssertionError("there is no number left")


class _Stopped(Exception):
    """The process ends; a build that is not complete is begun again."""


class _State:
    """Facts about the index, in a file beside it.

    A missing or damaged file makes it a new replica, whose index is built anew.
    """

    def __init__(self, file: Path, now: datetime) -> None:
        self._file = file
        self.name, self.rebuild_id = str(uuid4()), 0
        self.built_at, self.has_deleted_words = now, False
        self.reported_at: datetime | None = None
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
            built_at = datetime.fromisoformat(stored["built_at"])
            self.name, self.rebuild_id = str(stored["name"]), int(stored["rebuild_id"])
            self.built_at = built_at
            if stored["reported_at"] is not None:
                self.reported_at = datetime.fromisoformat(stored["reported_at"])
            self.has_deleted_words = bool(stored["has_deleted_words"])
        except (OSError, ValueError, KeyError, TypeError):
            log.info("a new search index")

    def is_as_reported(self, known: SearchReplica | None) -> bool:
        """Return True if the database has the last report of this index."""
        return known is not None and (
            self.reported_at is None or known.followed_at >= self.reported_at
        )

    def rename(self) -> None:
        self.name, self.reported_at = str(uuid4()), None
        self._write()

    def set_reported(self, at: datetime) -> None:
        self.reported_at = at
        self._write()

    def set_built(self, rebuild_id: int, at: datetime) -> None:
        self.rebuild_id, self.built_at, self.has_deleted_words = rebuild_id, at, False
        self._write()

    def set_has_deleted_words(self) -> None:
        if not self.has_deleted_words:
            self.has_deleted_words = True
            self._write()

    def _write(self) -> None:
        stored = {
            "name": self.name,
            "rebuild_id": self.rebuild_id,
            "built_at": self.built_at.isoformat(),
            "has_deleted_words": self.has_deleted_words,
            "reported_at": self.reported_at and self.reported_at.isoformat(),
        }
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(stored), encoding="utf-8")
        partial.replace(self._file)
