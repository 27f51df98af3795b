"""The search index: one for each process, derived from the database, and disposable.

Nothing else imports tantivy. The index lies in `<folder>/<version>/<generation>`, and
says itself how far it follows the database: a document without words, the marker, has
the position, and changes in the same commit as the others. So an index without a marker
is not complete, and a rebuild is a new generation, which counts from the commit with
its marker on.

Traps of tantivy that this module avoids:

- To delete by a term of an unsigned field deletes nothing; ids are signed.
- A value of another type than its field's ends the thread that writes; values are
  added by methods that name their type.
- After a crash, files of a commit that never was make the next one fail; they are
  collected on opening.
- A searcher sees nothing new until the index is reloaded.
- A search counts all matches unless told not to.
"""

import logging
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import ParamSpec, TypeAlias, TypeVar

from filelock import FileLock, Timeout

from bot.search.query import SearchQuery, Vocabulary, WeightedQuery, weigh_words
from bot.search.rules import Hit, rerank
from bot.search.tokens import tokenize

try:
    import tantivy
except ImportError:
    # It is compiled, and not for every machine.
    IS_INSTALLED = False
else:
    IS_INSTALLED = True

log = logging.getLogger(__name__)

# Another number for other fields, words or stems: the old index is deleted.
SCHEMA_VERSION = 1
# If less than this share of all asks is readable, only those are looked at.
SMALL_SHARE = 0.15
# Otherwise this many are taken, and of those the readable ones.
CANDIDATES = 200
RERANKED = 100
# The least that tantivy takes, in bytes; it is for words that are not on disk yet.
_WRITER_MEMORY = 15_000_000
_MARKER_ID = 0
_TEXT_FIELDS = ("all", "title")


class IndexUnavailable(Exception):
    """There is no index for this process: search without it."""


class IndexBroken(Exception):
    """The index failed. Close it and open it anew; that repairs or empties it."""


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
        snapshot = self._live.snapshot
        return snapshot.searcher.num_docs - (snapshot.followed is not None)

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


# Scores with addresses within the index, the best first.
_Scored: TypeAlias = "list[tuple[float, tantivy.DocAddress]]"
_P = ParamSpec("_P")
_R = TypeVar("_R")


def _translate_errors(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Raise IndexBroken for tantivy's errors, which are ValueErrors all."""

    @wraps(function)
    def translated(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except ValueError as error:
            raise IndexBroken(str(error)) from error

    return translated


@cache
def _schema() -> "tantivy.Schema":
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", indexed=True, fast=True)
    builder.add_integer_field("channel", indexed=True, fast=True)
    # Only the marker has it.
    builder.add_integer_field("followed", fast=True)
    for field in _TEXT_FIELDS:
        # Neither stored nor with positions.
        builder.add_text_field(field, tokenizer_name="words", index_option="freq")
    return builder.build()


@cache
def _analyzer() -> "tantivy.TextAnalyzer":
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return words.filter(tantivy.Filter.stemmer("english")).build()


class _Generation:
    """One index of tantivy's, in a folder of its own."""

    @_translate_errors
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        self._index = tantivy.Index(_schema(), path=str(folder), reuse=True)
        # Else a thread looks for changes of other processes.
        self._index.config_reader("manual")
        self._index.register_tokenizer("words", _analyzer())
        self._writer = self._index.writer(_WRITER_MEMORY, 1)
        # Files that a killed process left would make the next commit fail.
        self._writer.garbage_collect_files()
        self._writing = Lock()
        self.snapshot = _Snapshot(self._index)
        self.snapshot.check()

    @_translate_errors
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
            self._writer.delete_documents_by_term("id", _MARKER_ID)
            if followed is not None:
                marker = tantivy.Document()
                marker.add_integer("id", _MARKER_ID)
                marker.add_integer("followed", followed)
                self._writer.add_document(marker)
            self._writer.commit()
            self._index.reload()
            self.snapshot = _Snapshot(self._index)

    def close(self) -> None:
        try:
            self._writer.wait_merging_threads()
        except ValueError:
            # It failed before, which was raised then.
            log.warning("the search index in %s was not closed in order", self.folder)

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
    converted.add_text("all", " ".join(words))
    return converted


class _Snapshot(Vocabulary):
    """The index as of a commit."""

    def __init__(self, index: "tantivy.Index") -> None:
        self.searcher = index.searcher()
        self._channel_sizes: dict[int, int] = {}
        marker = self._best(_term("id", _MARKER_ID), 1)
        self.followed = self._values("followed", marker)[0] if marker else None

    def check(self) -> None:
        """Read a little of each field; a file may be damaged where none is missing."""
        for field in _TEXT_FIELDS:
            self.searcher.doc_freq(field, "word")
        self.searcher.doc_freq("channel", 0)

    def stem(self, words: Sequence[str]) -> Sequence[str]:
        return _analyzer().analyze(" ".join(words))

    def frequency(self, stem: str) -> int:
        return self.searcher.doc_freq("all", stem)

    @_translate_errors
    def indexed(self, ask_ids: Collection[int]) -> set[int]:
        if not ask_ids:
            return set()
        best = self._best(_one_of("id", ask_ids), len(ask_ids))
        return set(self._values("id", best))

    @_translate_errors
    def search(
        self,
        query: SearchQuery,
        readable: frozenset[int],
        limit: int,
        excluded: Collection[int],
    ) -> list[Hit]:
        weighted = weigh_words(query, self)
        if not weighted.anywhere or not readable:
            return []
        best = self._best_readable(_any_of(weighted), readable, limit + len(excluded))
        scores = {
            ask_id: score
            for ask_id, (score, _) in zip(self._values("id", best), best, strict=True)
            if ask_id not in excluded
        }
        shared = self._shared_title_words(list(scores), weighted.title_stems)
        hits = [Hit(id_, score, shared.get(id_, 0)) for id_, score in scores.items()]
        return (rerank(hits[:RERANKED]) + hits[RERANKED:])[:limit]

    def _best_readable(
        self, words: "tantivy.Query", readable: frozenset[int], wanted: int
    ) -> _Scored:
        if not self._is_small(readable):
            candidates = self._best(words, CANDIDATES)
            channels = self._values("channel", candidates)
            best = [
                candidate
                for candidate, channel in zip(candidates, channels, strict=True)
                if channel in readable
            ]
            # Those are all that match, or enough.
            if len(candidates) < CANDIDATES or len(best) >= wanted:
                return best
        return self._best(
            _must(words, _one_of("channel", readable)), max(wanted, RERANKED)
        )

    def _is_small(self, readable: frozenset[int]) -> bool:
        """Return True if the channels have a small share of all asks."""
        enough = SMALL_SHARE * self.searcher.num_docs
        sizes = (self._channel_size(channel) for channel in readable)
        return all(size < enough for size in accumulate(sizes))

    def _channel_size(self, channel: int) -> int:
        if channel not in self._channel_sizes:
            size = self.searcher.doc_freq("channel", channel)
            self._channel_sizes[channel] = size
        return self._channel_sizes[channel]

    def _shared_title_words(
        self, ask_ids: Collection[int], stems: Collection[str]
    ) -> dict[int, int]:
        """Return how many of the words each title has; asks with none are left out."""
        if not ask_ids or not stems:
            return {}
        counted = tantivy.Query.boolean_query(
            [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.const_score_query(_term("title", stem), 1),
                )
                for stem in stems
            ]
        )
        counted = _must(counted, _one_of("id", ask_ids))
        best = self._best(counted, len(ask_ids))
        counts = (round(score) for score, _ in best)
        return dict(zip(self._values("id", best), counts, strict=True))

    def _best(self, query: "tantivy.Query", limit: int) -> _Scored:
        return self.searcher.search(query, limit, count=False).hits

    def _values(self, field: str, scored: _Scored) -> list[int]:
        addresses = [address for _, address in scored]
        return self.searcher.fast_field_values(field, addresses)  # type: ignore[return-value]


def _term(field: str, value: str | int) -> "tantivy.Query":
    return tantivy.Query.term_query(_schema(), field, value, "freq")


def _one_of(field: str, values: Iterable[int]) -> "tantivy.Query":
    return tantivy.Query.term_set_query(_schema(), field, list(values))


def _any_of(weighted: WeightedQuery) -> "tantivy.Query":
    """Return a query that adds the weighted scores of the words in each field."""
    return tantivy.Query.boolean_query(
        [
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(_term(field, stem), weight),
            )
            for field, weights in (
                ("all", weighted.anywhere),
                ("title", weighted.in_title),
            )
            for stem, weight in weights.items()
        ]
    )


def _must(scored: "tantivy.Query", condition: "tantivy.Query") -> "tantivy.Query":
    """Return the query with a condition that does not change the scores."""
    free = tantivy.Query.const_score_query(condition, 0)
    return tantivy.Query.boolean_query(
        [(tantivy.Occur.Must, scored), (tantivy.Occur.Must, free)]
    )
