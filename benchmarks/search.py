"""The search index at several sizes: speed, exactness, memory, rebuild, following.

    uv run --group dev python -m benchmarks.search
    uv run --group dev python -m benchmarks.search --sizes 1000000

The asks are made up: words by a law like Zipf's, more of them the more asks there are,
identifiers that occur once or twice, channels of very different sizes. One query in two
has details, and one in ten a typing error in its title.

"Overlap" is the share of the ten best that a plain BM25 finds, too. It is written
below, in floating point and with exact lengths, of which the index keeps a byte. For
each share of asks that a person may read, results are compared with all matches in the
order of their scores, filtered afterwards. CPU is that of the thread that searches.
Memory is what the process has for itself, without the index's files, which the system
caches; it is measured in a process that opens the index, searches, and follows changes.
"""

import argparse
import math
import random
import subprocess
import sys
import tempfile
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from heapq import nlargest
from itertools import accumulate
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import NamedTuple

from bot.search.index import Document, SearchIndex
from bot.search.query import SearchQuery, WeightedQuery, weigh_words

SIZES = (10_000, 100_000)
BATCH = 2000
CHANNELS = 400
QUERIES = 400
WARM_UP = 20
COMPARED = 100
FILTERED = 20
CHANGES = 100
LIMIT = 10
K1, B = 1.2, 0.75
# Shares of all asks that a person may read.
SHARES = (0.001, 0.01, 0.1, 0.5, 1.0)

# What a word consists of; one that ends in "k" is its own stem.
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


class Made(NamedTuple):
    """A made-up ask."""

    channel: int
    title: list[str]
    details: list[str]
    answer: list[str]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Asks by their numbers, from 1 on; each time the same."""

    size: int

    def words(self) -> tuple[list[str], list[float]]:
        return _vocabulary(int(4000 + 60 * self.size**0.6))

    def ask(self, number: int) -> Made:
        draw = random.Random(number)  # noqa: S311 - a draw, no secret
        words, weights = self.words()
        # A few words are what the ask is about.
        topic = draw.choices(words, k=3)
        title = topic[: draw.randint(1, 3)]
        title += draw.choices(words, cum_weights=weights, k=draw.randint(2, 5))
        draw.shuffle(title)
        details = draw.choices(
            words, cum_weights=weights, k=int(draw.lognormvariate(3, 0.8))
        )
        details += topic * draw.randint(0, 2)
        if draw.random() < 0.2:  # noqa: PLR2004 - code
            details += [f"id{draw.randrange(self.size)}k" for _ in range(5)]
        answer = []
        if draw.random() < 0.25:  # noqa: PLR2004 - one entry for four asks
            answer = draw.choices(words, cum_weights=weights, k=draw.randint(10, 40))
            answer += topic
        channel = 1 + int(CHANNELS * draw.random() ** 4)
        return Made(channel, title, details, answer)

    def document(self, number: int) -> Document:
        return to_document(number, self.ask(number))

    def query(self, number: int) -> SearchQuery:
        """Return a title and details like those of an ask, by somebody else."""
        draw = random.Random(-number)  # noqa: S311
        ask = self.ask(1 + draw.randrange(self.size))
        words, weights = self.words()
        title = ask.title[:3] + draw.choices(words, cum_weights=weights, k=2)
        if number % 10 == 0:
            title[0] = title[0][:2] + title[0][3:]
        details = []
        if number % 2:
            details = ask.details[::2]
            details += draw.choices(words, cum_weights=weights, k=20)
        return SearchQuery(" ".join(title), " ".join(details))


@cache
def _vocabulary(count: int) -> tuple[list[str], list[float]]:
    draw = random.Random(count)  # noqa: S311
    words: dict[str, None] = {}
    while len(words) < count:
        length = draw.choice((1, 2, 2, 3, 3, 4))
        words["".join(draw.choices(_SYLLABLES, k=length)) + "k"] = None
    # Stop words, the most frequent ones of a language, are not among them.
    weights = accumulate(1 / (rank + 30) for rank in range(count))
    return list(words), list(weights)


def to_document(number: int, ask: Made) -> Document:
    title, details, answer = map(" ".join, (ask.title, ask.details, ask.answer))
    return Document(number, ask.channel, title, details, [answer])


Postings = tuple["array[int]", "array[int]"]


class PlainIndex:
    """BM25 as in a textbook: frequencies of all words, postings of a few."""

    def __init__(self, size: int) -> None:
        self.frequencies: Counter[str] = Counter()
        # By the number of the ask; there is none with 0.
        self.lengths = array("I", [0]) * (size + 1)
        self.title_lengths = array("I", [0]) * (size + 1)
        self.channels = array("I", [0]) * (size + 1)
        # Asks with how often each has the word, in the whole text and in the title.
        self.postings: dict[str, Postings] = {}
        self.title_postings: dict[str, Postings] = {}

    def count(self, number: int, ask: Made) -> None:
        self.frequencies.update({*ask.title, *ask.details, *ask.answer})
        length = 2 * len(ask.title) + len(ask.details) + len(ask.answer)
        self.lengths[number] = length
        self.title_lengths[number] = len(ask.title)
        self.channels[number] = ask.channel

    def post(self, number: int, ask: Made, words: set[str]) -> None:
        text = [*ask.title, *ask.title, *ask.details, *ask.answer]
        for postings, counted in (
            (self.postings, text),
            (self.title_postings, ask.title),
        ):
            for word in words.intersection(counted):
                asks, counts = postings.setdefault(word, (array("I"), array("I")))
                asks.append(number)
                counts.append(counted.count(word))

    def stem(self, words: Sequence[str]) -> Sequence[str]:
        """Return the words: they are their own stems."""
        return words

    def frequency(self, stem: str) -> int:
        return self.frequencies[stem]

    def best(self, weighted: WeightedQuery) -> set[int]:
        scores: dict[int, float] = defaultdict(float)
        for weights, postings, lengths in (
            (weighted.anywhere, self.postings, self.lengths),
            (weighted.in_title, self.title_postings, self.title_lengths),
        ):
            size = len(lengths) - 1
            mean = sum(lengths) / size
            for word, weight in weights.items():
                asks, counts = postings.get(word, ((), ()))
                rarity = math.log(1 + (size - len(asks) + 0.5) / (len(asks) + 0.5))
                for ask, count in zip(asks, counts, strict=True):
                    norm = K1 * (1 - B + B * lengths[ask] / mean)
                    scores[ask] += weight * rarity * count * (K1 + 1) / (count + norm)
        return set(nlargest(LIMIT, scores, key=lambda ask: scores[ask]))


class Times:
    """The time that something takes, on the wall and of this thread."""

    def __init__(self) -> None:
        self._wall: list[float] = []
        self._cpu: list[float] = []

    def take(self, work: Callable[[], object]) -> None:
        wall, cpu = perf_counter(), thread_time()
        work()
        self._cpu.append(thread_time() - cpu)
        self._wall.append(perf_counter() - wall)

    def __str__(self) -> str:
        """Return the medians and 99th percentiles in milliseconds."""
        return "".join(
            f"{1000 * sorted(times)[int(share * len(times))]:>8.1f}"
            for times in (self._wall, self._cpu)
            for share in (0.5, 0.99)
        )


def private_megabytes() -> float:
    """Return the memory of this process that is neither shared nor of files."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise OSError("memory is only measured on Linux")


def measure(folder: Path, size: int) -> None:
    corpus, plain = Corpus(size), PlainIndex(size)
    index = SearchIndex(folder)
    _build(index, corpus, plain)
    megabytes = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20
    print(f"  on disk          {megabytes:>8.0f} MB", flush=True)
    everywhere = range(1, CHANNELS + 1)
    queries = [corpus.query(n) for n in range(QUERIES)]
    for query in queries[:WARM_UP]:
        index.search(query, everywhere, LIMIT)
    times = Times()
    for query in queries:
        times.take(partial(index.search, query, everywhere, LIMIT))
    head = f"{'p50':>8}{'p99':>8}{'CPU p50':>8}{'p99':>8}"
    print(f"  {'':<16} {head}  in ms")
    print(f"  {'search':<16} {times}", flush=True)
    _compare_memberships(index, plain, queries)
    _compare_with_plain(index, corpus, plain, queries)
    index.close()


def _build(index: SearchIndex, corpus: Corpus, plain: PlainIndex) -> None:
    seconds = cpu = 0.0
    with index.rebuild() as rebuild:
        for newest in range(corpus.size, 0, -BATCH):
            numbers = range(newest, max(newest - BATCH, 0), -1)
            asks = {number: corpus.ask(number) for number in numbers}
            for number, ask in asks.items():
                plain.count(number, ask)
            added = [to_document(number, ask) for number, ask in asks.items()]
            wall_start, cpu_start = perf_counter(), process_time()
            rebuild.add(added)
            seconds += perf_counter() - wall_start
            cpu += process_time() - cpu_start
        wall_start, cpu_start = perf_counter(), process_time()
        rebuild.finish(0)
        seconds += perf_counter() - wall_start
        cpu += process_time() - cpu_start
    print(f"  rebuild          {seconds:>8.1f} s, CPU {cpu:.1f} s", flush=True)


def _channels_with(share: float, plain: PlainIndex) -> set[int]:
    """Return channels that together have about a share of all asks."""
    sizes = Counter(plain.channels[1:])
    room = share * (len(plain.channels) - 1)
    readable = set()
    for channel, size in sizes.most_common():
        if size <= room:
            readable.add(channel)
            room -= size
    return readable


def _compare_memberships(
    index: SearchIndex, plain: PlainIndex, queries: Sequence[SearchQuery]
) -> None:
    matches = [_all_matches(index, query) for query in queries[:FILTERED]]
    for share in SHARES:
        readable = _channels_with(share, plain)
        times, differences = Times(), 0
        for query in queries:
            times.take(partial(index.search, query, readable, LIMIT))
        for query, scores in zip(queries, matches, strict=False):
            exact = [s for n, s in scores if plain.channels[n] in readable][:LIMIT]
            hits = index.search(query, readable, LIMIT)
            differences += len(exact) != len(hits) or any(
                not math.isclose(hit.score, score, rel_tol=1e-5)
                for hit, score in zip(hits, exact, strict=True)
            )
        print(
            f"  {f'{share:.1%} readable':<16} {times}"
            f"  {differences} of {len(matches)} differ from filtering",
            flush=True,
        )


def _all_matches(index: SearchIndex, query: SearchQuery) -> list[tuple[int, float]]:
    hits = index.search(query, range(1, CHANNELS + 1), index.count)
    return [(hit.ask_id, hit.score) for hit in hits]


def _compare_with_plain(
    index: SearchIndex,
    corpus: Corpus,
    plain: PlainIndex,
    queries: Sequence[SearchQuery],
) -> None:
    compared = [(query, weigh_words(query, plain)) for query in queries[:COMPARED]]
    words = {word for _, weighted in compared for word in weighted.anywhere}
    for number in range(1, corpus.size + 1):
        plain.post(number, corpus.ask(number), words)
    shared = possible = 0
    for query, weighted in compared:
        best = plain.best(weighted)
        hits = index.search(query, range(1, CHANNELS + 1), LIMIT)
        shared += len(best.intersection(hit.ask_id for hit in hits))
        possible += len(best)
    print(f"  overlap@{LIMIT}       {shared / possible:>8.3f}", flush=True)


def follow(folder: Path, size: int) -> None:
    """Print the memory of a process that uses the index, and the time of changes."""
    corpus = Corpus(size)
    documents = [corpus.document(number) for number in range(1, CHANGES + 1)]
    queries = [corpus.query(n) for n in range(QUERIES)]
    before = private_megabytes()
    index = SearchIndex(folder)
    opened = private_megabytes()
    for query in queries:
        index.search(query, range(1, CHANNELS + 1), LIMIT)
    searched = private_megabytes()
    times, most = Times(), 0.0
    for position, document in enumerate(documents, 1):
        times.take(partial(index.apply, [document], followed=position))
        most = max(most, private_megabytes())
    print(f"  {'one change':<16} {times}")
    print(
        f"  memory           {opened - before:>8.0f} MB when opened,"
        f" {searched - before:.0f} MB after {QUERIES} searches,"
        f" {most - before:.0f} MB at most with {CHANGES} changes"
    )
    index.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--measure", nargs=2, metavar=("FOLDER", "SIZE"))
    parser.add_argument("--follow", nargs=2, metavar=("FOLDER", "SIZE"))
    args = parser.parse_args()
    for part, given in ((measure, args.measure), (follow, args.follow)):
        if given:
            part(Path(given[0]), int(given[1]))
            return
    for size in args.sizes:
        print(f"{size:,} asks, {len(Corpus(size).words()[0]):,} words", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for option in ("--measure", "--follow"):
                command = [sys.executable, "-m", "benchmarks.search", option]
                subprocess.run([*command, folder, str(size)], check=True)  # noqa: S603 - this very program


if __name__ == "__main__":
    main()
