"""How good the search is: do questions find those that people linked to them?

    uv run --group dev python -m benchmarks.search_quality POSTS.jsonl.gz …

Reads posts of Stack Exchange, a question or an answer a line. Each question that links
to others, as duplicates or as related, is searched by its title and details among all
questions but itself; the linked ones are right. Links are read in both directions. As
in the bot, the answers that are indexed are those that helped: accepted, or with votes.

nDCG@10 is 1 if all right ones come first; "first" is the share of questions whose
first hit is right, "of ten" that of right ones among ten hits. "Unasked" are
the questions after which something would be shown that nobody searched for, and how
often that is right. "FTS5" is SQLite's, with the same words, fields and weights.
"""

import argparse
import gzip
import html
import json
import math
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import process_time

from bot.search.index import Document, SearchIndex
from bot.search.query import TITLE_WORD, TITLE_WORD_IN_TITLE, SearchQuery
from bot.search.rules import Hit, is_worth_showing_unasked
from bot.search.tokens import tokenize

LIMIT = 10
# Of an answer that is not accepted.
MIN_VOTES = 3
_CHANNEL = 1


@dataclass(slots=True)
class Questions:
    by_id: dict[int, Document] = field(default_factory=dict)
    right: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def read(path: Path) -> Questions:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        posts = [json.loads(line) for line in lines]
    asked = {post["id"]: post for post in posts if post["kind"] == "q"}
    helpful = defaultdict(list)
    for post in posts:
        if post["kind"] == "a" and post["parent"] in asked:
            accepted = asked[post["parent"]]["accepted"]
            if post["id"] == accepted or post["score"] >= MIN_VOTES:
                helpful[post["parent"]].append(_mrkdwn(post["text"])[:3000])
    questions = Questions()
    for number, post in asked.items():
        questions.by_id[number] = Document(
            number,
            _CHANNEL,
            _mrkdwn(post["title"]),
            _mrkdwn(post["text"])[:3000],
            helpful[number],
        )
        for linked, _ in post["links"]:
            if linked in asked and linked != number:
                questions.right[number].add(linked)
                questions.right[linked].add(number)
    return questions


def _mrkdwn(text: str) -> str:
    return html.escape(text, quote=False)


def ndcg(found: Sequence[int], right: set[int]) -> float:
    gain = sum(1 / math.log2(rank + 1) for rank, n in enumerate(found, 1) if n in right)
    best = sum(1 / math.log2(rank + 1) for rank in range(1, 1 + min(len(right), LIMIT)))
    return gain / best


class Fts5:
    """The full-text search of SQLite, with our words in our fields."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute(
            "CREATE VIRTUAL TABLE asks USING fts5(everything, title,"
            " tokenize='porter unicode61')"
        )
        self._database.executemany(
            "INSERT INTO asks (rowid, everything, title) VALUES (?, ?, ?)",
            (
                (
                    document.ask_id,
                    " ".join(
                        word
                        for text in (
                            document.title,
                            document.title,
                            document.details,
                            *document.answers,
                        )
                        for word in tokenize(text)
                    ),
                    " ".join(tokenize(document.title)),
                )
                for document in documents
            ),
        )

    def search(self, document: Document) -> list[int]:
        words = tokenize(f"{document.title}\n{document.details}")
        rows = self._database.execute(
            "SELECT rowid FROM asks WHERE asks MATCH ? AND rowid != ?"
            " ORDER BY bm25(asks, ?, ?) LIMIT ?",
            (
                " OR ".join(f'"{word}"' for word in dict.fromkeys(words)),
                document.ask_id,
                TITLE_WORD,
                TITLE_WORD_IN_TITLE,
                LIMIT,
            ),
        )
        return [number for (number,) in rows]


def report(
    name: str, questions: Questions, search: Callable[[Document], list[int]]
) -> None:
    start = process_time()
    found = {number: search(questions.by_id[number]) for number in questions.right}
    milliseconds = 1000 * (process_time() - start) / len(found)
    gains = [ndcg(ids, questions.right[n]) for n, ids in found.items()]
    first = sum(bool(ids) and ids[0] in questions.right[n] for n, ids in found.items())
    of_ten = [
        len(questions.right[n].intersection(ids)) / len(questions.right[n])
        for n, ids in found.items()
    ]
    count = len(found)
    print(
        f"  {name:<12}{sum(gains) / count:>8.3f}{first / count:>8.0%}"
        f"{sum(of_ten) / count:>8.0%}{milliseconds:>8.1f}"
    )


def report_unasked(questions: Questions, index: SearchIndex) -> None:
    """Print how often something is shown after a one-line ask, and is right."""
    shown = right = 0
    for number, document in questions.by_id.items():
        hits = _search(index, document, has_details=False)
        if is_worth_showing_unasked(hits) and number in questions.right:
            right += hits[0].ask_id in questions.right[number]
        shown += is_worth_showing_unasked(hits)
    print(
        f"  unasked: shown for {shown / len(questions.by_id):.0%} of all questions;"
        f" {right} of {shown} are linked"
    )


def _search(index: SearchIndex, document: Document, *, has_details: bool) -> list[Hit]:
    details = document.details if has_details else ""
    return index.search(
        SearchQuery(document.title, details),
        [_CHANNEL],
        LIMIT,
        excluded=[document.ask_id],
    )


def _find(index: SearchIndex, document: Document, *, has_details: bool) -> list[int]:
    hits = _search(index, document, has_details=has_details)
    return [hit.ask_id for hit in hits]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="POSTS.jsonl.gz")
    for path in parser.parse_args().files:
        questions = read(path)
        documents = questions.by_id
        print(
            f"{path.name}: {len(documents):,} questions, {len(questions.right)} linked"
        )
        print(f"  {'':<12}{'nDCG@10':>8}{'first':>8}{'of ten':>8}{'CPU ms':>8}")
        with tempfile.TemporaryDirectory() as folder:
            index = SearchIndex(Path(folder) / "search")
            index.apply(documents.values(), followed=1)
            with_details = partial(_find, index, has_details=True)
            report("the bot's", questions, with_details)
            title_only = partial(_find, index, has_details=False)
            report("title only", questions, title_only)
            report("FTS5", questions, Fts5(documents.values()).search)
            report_unasked(questions, index)
            index.close()


if __name__ == "__main__":
    main()
