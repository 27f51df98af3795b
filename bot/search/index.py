"""The search index: one for each process, derived from the database, and disposable.

The index lies in `<folder>/<version>/<generation>`, and says itself how far it follows
the database: a document without words, the marker, has the position, and changes in the
same commit as the others. So an index without a marker is not complete, and a rebuild
is a new generation, which counts from the commit with its marker on.

Traps of tantivy that this module avoids:

- To delete by a term of an unsigned field deletes nothing; ids are signed.
- A value of another type than its field's ends the thread that writes; values are
  added by methods that name their type.
- After a crash, files of a commit that never was make the next one fail; they are
  collected on opening.
- The first operation of a writer has the number of the last commit, and is lost for the
  asks of that commit if a merge runs meanwhile; so it is one that changes nothing.
- A searcher sees nothing new until the index is reloaded.
- A search counts all matches unless told not to.
"""

import logging
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from filelock import FileLock, Timeout

from bot.search.query import SearchQuery
from bot.search.rules import Hit
from bot.search.snapshot import (
    IS_INSTALLED,
    MARKER_ID,
    IndexBroken,
    Snapshot,
    analyzer,
    schema,
    translate_errors,
)
from bot.search.tokens import subject_words, tokenize

if IS_INSTALLED:
    import tantivy

log = logging.getLogger(__name__)

# Another number for other fields, words or stems: the old index is deleted.
SCHEMA_VERSION = 2
# The least that tantivy takes, in bytes; it is for words that are not on disk yet.
_WRITER_MEMORY = 15_000_000
# No document has it.
_NO_ID = -1


class IndexUnavailable(Exception):
    """There is no index for this process: search without it."""


@dataclass(frozen=True, slots=True)
class Document:
    """An ask as it is searched; texts are mrkdwn. Ids are of rows, and positive."""

    ask_id: int
    channel_id: int
    title: str
    details: str = ""
    # The texts of the answers that may be found.
    answers: Sequence[str] = ()
    # The titles of later asks with the same problem.
    same_problem: Sequence[str] = ()


class SearchIndex:
    """The index of this process. Any thread may search; one at a time may change it.

    Raises IndexUnavailable if tantivy is not installed, another process has opened the
    folder, or the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        if not IS_INSTALLED:
            raise IndexUnavailable("tantivy is not installed")
        self._folder = folder / str(SCHEMA_VERSION)
        self._lock = FileLock(folder / "lock", mode=0o600, thread_local=False)
        try:
            for path in (folder, self._folder):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.chmod(0o700)
            self._lock.acquire(blocking=False)
        except Timeout:
            raise IndexUnavailable(f"another process is using {folder}") from None
        except OSError as error:
            raise IndexUnavailable(f"{folder}: {error.strerror}") from error
        # The live generation changes as a whole.
        self._changing = Lock()
        with ExitStack() as otherwise:
            otherwise.callback(self._lock.release)
            self._live = self._open_complete() or self._new_generation()
            # Older and unfinished generations have people's words.
            for path in (*folder.iterdir(), *self._folder.iterdir()):
                if path.is_dir() and path not in {self._folder, self._live.folder}:
                    shutil.rmtree(path)
            otherwise.pop_all()

    def _generations(self) -> list[Path]:
        """Return the folders of the generations, the newest first."""
        folders = [path for path in self._folder.iterdir() if path.name.isdecimal()]
        return sorted(folders, key=lambda path: int(path.name), reverse=True)

    def _open_complete(self) -> "_Generation | None":
        for folder in self._generations():
            try:
                generation = _Generation(folder)
            except IndexBroken:
                log.warning("the search index in %s can't be read", folder)
                continue
            if generation.snapshot.followed is not None:
                return generation
            generation.close()
        return None

    def _new_generation(self) -> "_Generation":
        newest = next((int(path.name) for path in self._generations()), 0)
        return _Generation(self._folder / str(newest + 1))

    @property
    def followed(self) -> int | None:
        """The position up to which it follows the database.

        None if it is not complete: it needs a rebuild, or is being built.
        """
        return self._live.snapshot.followed

    @property
    def count(self) -> int:
        """The number of asks in it."""
        return self._live.snapshot.document_count

    def indexed(self, ask_ids: Collection[int]) -> set[int]:
        """Return those of the asks that are in it."""
        return self._live.snapshot.indexed(ask_ids)

    def apply(
        self,
        documents: Iterable[Document],
        deleted: Iterable[int] = (),
        *,
        followed: int | None,
    ) -> None:
        """Delete asks, and add or replace others, in one commit.

        `followed` is the position up to which the index then follows the database; None
        if it is still not complete, as while it is built for the first time. Raises
        IndexBroken.
        """
        with self._changing:
            self._live.apply(documents, deleted, followed)

    @contextmanager
    def rebuild(self) -> Iterator["Rebuild"]:
        """Build a new index that replaces this one when it is finished.

        Meanwhile this one is searched and changed, unless it is not complete: then what
        has been added so far is found at once. A rebuild that is left unfinished is
        deleted. Raises IndexBroken.
        """
        with self._changing:
            generation = self._new_generation()
            if self.followed is None:
                self._replace_live(generation)
        rebuild = Rebuild(self, generation)
        try:
            yield rebuild
        finally:
            if generation is not self._live:
                generation.delete()

    def _finish(self, generation: "_Generation", followed: int) -> None:
        with self._changing:
            generation.apply((), (), followed)
            if generation is not self._live:
                self._replace_live(generation)

    def _replace_live(self, generation: "_Generation") -> None:
        # A search that has begun keeps its files open.
        before, self._live = self._live, generation
        before.delete()

    def search(
        self,
        query: SearchQuery,
        readable: Collection[int],
        limit: int,
        *,
        excluded: Collection[int] = (),
    ) -> list[Hit]:
        """Return the best asks in `readable` channels, without the `excluded` ones.

        The index has the asks of all workspaces: `readable` are the channels that the
        person may read in theirs. Raises IndexBroken.
        """
        return self._live.snapshot.search(query, frozenset(readable), limit, excluded)

    def close(self) -> None:
        with self._changing:
            self._live.close()
            self._lock.release()


class Rebuild:
    """A new generation of the index, until it is finished."""

    def __init__(self, index: SearchIndex, generation: "_Generation") -> None:
        self._index = index
        self._generation = generation

    def add(self, documents: Iterable[Document]) -> None:
        """Add asks, in one commit. Raises IndexBroken."""
        self._generation.apply(documents, (), None)

    def finish(self, followed: int) -> None:
        """Replace the index; nothing of the former one remains on disk.

        `followed` is the position before the first ask was read. Raises IndexBroken.
        """
        self._index._finish(self._generation, followed)  # noqa: SLF001 - its other half


class _Generation:
    """One index of tantivy's, in a folder of its own."""

    @translate_errors
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        self._index = tantivy.Index(schema(), path=str(folder), reuse=True)
        # Else a thread looks for changes of other processes.
        self._index.config_reader("manual")
        self._index.register_tokenizer("words", analyzer())
        self._writer = self._index.writer(_WRITER_MEMORY, 1)
        # Files that a killed process left would make the next commit fail.
        self._writer.garbage_collect_files()
        self._writer.delete_documents_by_term("id", _NO_ID)
        self._writing = Lock()
        self.snapshot = Snapshot(self._index)
        self.snapshot.check()

    @translate_errors
    def apply(
        self,
        documents: Iterable[Document],
        deleted: Iterable[int],
        followed: int | None,
    ) -> None:
        # Whatever may fail for other reasons fails before the writer has anything.
        added = [(document.ask_id, _to_tantivy(document)) for document in documents]
        with self._writing:
            for ask_id in deleted:
                self._writer.delete_documents_by_term("id", ask_id)
            for ask_id, converted in added:
                self._writer.delete_documents_by_term("id", ask_id)
                self._writer.add_document(converted)
            self._writer.delete_documents_by_term("id", MARKER_ID)
            if followed is not None:
                marker = tantivy.Document()
                marker.add_integer("id", MARKER_ID)
                marker.add_integer("followed", followed)
                self._writer.add_document(marker)
            self._writer.commit()
            self._index.reload()
            self.snapshot = Snapshot(self._index)

    def close(self) -> None:
        try:
            self._wait_for_merges()
        except IndexBroken:
            # It failed before, which was raised then.
            log.warning("the search index in %s was not closed in order", self.folder)

    @translate_errors
    def _wait_for_merges(self) -> None:
        self._writer.wait_merging_threads()

    def delete(self) -> None:
        self.close()
        shutil.rmtree(self.folder)


def _to_tantivy(document: Document) -> "tantivy.Document":
    title = tokenize(document.title)
    rest = (document.details, *document.answers, *document.same_problem)
    words = [*title, *title, *(word for text in rest for word in tokenize(text))]
    converted = tantivy.Document()
    converted.add_integer("id", document.ask_id)
    converted.add_integer("channel", document.channel_id)
    converted.add_text("title", " ".join(title))
    converted.add_text("subject", " ".join(subject_words(document.title)))
    converted.add_text("all", " ".join(words))
    return converted
