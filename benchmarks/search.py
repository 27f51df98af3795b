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
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter, process_time, thread_time

from benchmarks.plain_bm25 import PlainIndex
from benchmarks.search_corpus import CHANNELS, Corpus, to_document
from bot.search.documents import BATCH_SIZE
from bot.search.index import SearchIndex
from bot.search.query import SearchQuery, weigh_words
from cli.memory import return_free_memory

SIZES = (10_000, 100_000)
QUERIES = 400
WARM_UP = 20
COMPARED = 100
FILTERED = 20
CHANGES = 100
LIMIT = 10
# Shares of all asks that a person may read.
SHARES = (0.001, 0.01, 0.1, 0.5, 1.0)


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
        for newest in range(corpus.size, 0, -BATCH_SIZE):
            numbers = range(newest, max(newest - BATCH_SIZE, 0), -1)
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
        best = plain.best(weighted, LIMIT)
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
    # As the bot does.
    return_free_memory()
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
