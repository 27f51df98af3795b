"""The search index as of one commit: its fields, and the search in it.

Only this module and bot/search/index.py import tantivy.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, wraps
from itertools import accumulate
from typing import ParamSpec, TypeAlias, TypeVar

from bot.search.query import SearchQuery, Vocabulary, WeightedQuery, weigh_words
from bot.search.rules import Hit, rerank

try:
    import tantivy
except ImportError:
    # It is compiled, and not for every machine.
    IS_INSTALLED = False
else:
    IS_INSTALLED = True

# If less than this share of all asks is readable, only those are looked at.
SMALL_SHARE = 0.15
# Otherwise this many are taken, and of those the readable ones.
CANDIDATES = 200
RERANKED = 100
MARKER_ID = 0
_TEXT_FIELDS = ("all", "title", "subject")


class IndexBroken(Exception):
    """The index failed. Close it and open it anew; that repairs or empties it."""


# Scores with addresses within the index, the best first.
Scored: TypeAlias = "list[tuple[float, tantivy.DocAddress]]"
_P = ParamSpec("_P")
_R = TypeVar("_R")


def is_tantivys(error: BaseException) -> bool:
    """Return True for the errors of tantivy.

    It may panic where a file is damaged. That class is no Exception, and can't be
    imported.
    """
    return isinstance(error, ValueError) or type(error).__name__ == "PanicException"


def translate_errors(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Raise IndexBroken for tantivy's errors: ValueErrors, and panics."""

    @wraps(function)
    def translated(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            if not is_tantivys(error):
                raise
            raise IndexBroken(str(error)) from error

    return translated


@cache
def schema() -> "tantivy.Schema":
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
def analyzer() -> "tantivy.TextAnalyzer":
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return words.filter(tantivy.Filter.stemmer("english")).build()


class Snapshot(Vocabulary):
    """The index as of a commit."""

    def __init__(self, index: "tantivy.Index") -> None:
        self.searcher = index.searcher()
        self._channel_sizes: dict[int, int] = {}
        marker = self._best(_term("id", MARKER_ID), 1)
        self.followed = self._values("followed", marker)[0] if marker else None

    def check(self) -> None:
        """Read a little of each field; a file may be damaged where none is missing."""
        for field in _TEXT_FIELDS:
            self.searcher.doc_freq(field, "word")
        self.searcher.doc_freq("channel", 0)

    @property
    def document_count(self) -> int:
        """The number of asks; the marker is none."""
        return self.searcher.num_docs - (self.followed is not None)

    def stem(self, words: Sequence[str]) -> Sequence[str]:
        return analyzer().analyze(" ".join(words))

    def frequency(self, stem: str) -> int:
        return self.searcher.doc_freq("all", stem)

    @translate_errors
    def indexed(self, ask_ids: Collection[int]) -> set[int]:
        if not ask_ids:
            return set()
        best = self._best(_one_of("id", ask_ids), len(ask_ids))
        return set(self._values("id", best))

    @translate_errors
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
        hits = [
            Hit(ask_id, score, channel_id=channel_id)
            for ask_id, channel_id, (score, _) in zip(
                self._values("id", best),
                self._values("channel", best),
                best,
                strict=True,
            )
            if ask_id not in excluded
        ]
        hits = (rerank(hits[:RERANKED]) + hits[RERANKED:])[:limit]
        shared = self._shared_subjects([hit.ask_id for hit in hits], weighted.subject)
        # `dataclasses.replace` takes four times as long, for a thousand hits.
        return [
            Hit(
                hit.ask_id, hit.score, *shared.get(hit.ask_id, (0, 0.0)), hit.channel_id
            )
            for hit in hits
        ]

    def _best_readable(
        self, words: "tantivy.Query", readable: frozenset[int], wanted: int
    ) -> Scored:
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

    def _shared_subjects(
        self, ask_ids: Collection[int], subject: Mapping[str, float]
    ) -> dict[int, tuple[int, float]]:
        """Return how many words each title is about, of the subject, and their share.

        Asks with none of them are left out.
        """
        if not ask_ids or not subject:
            return {}
        # All shares together are 1, and halves of them less than a word.
        counted = tantivy.Query.boolean_query(
            [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.const_score_query(
                        _term("subject", stem), 1 + share / 2
                    ),
                )
                for stem, share in subject.items()
            ]
        )
        best = self._best(_must(counted, _one_of("id", ask_ids)), len(ask_ids))
        sums = (divmod(score, 1) for score, _ in best)
        return {
            ask_id: (int(count), 2 * half)
            for ask_id, (count, half) in zip(
                self._values("id", best), sums, strict=True
            )
        }

    def _best(self, query: "tantivy.Query", limit: int) -> Scored:
        return self.searcher.search(query, limit, count=False).hits

    def _values(self, field: str, scored: Scored) -> list[int]:
        addresses = [address for _, address in scored]
        return self.searcher.fast_field_values(field, addresses)  # type: ignore[return-value]


def _term(field: str, value: str | int) -> "tantivy.Query":
    return tantivy.Query.term_query(schema(), field, value, "freq")


def _one_of(field: str, values: Iterable[int]) -> "tantivy.Query":
    return tantivy.Query.term_set_query(schema(), field, list(values))


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
