"""A plain BM25 to compare the search index with."""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from heapq import nlargest

from benchmarks.search_corpus import MadeUpAsk
from bot.search.query import WeightedQuery

K1, B = 1.2, 0.75

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

    def count(self, number: int, ask: MadeUpAsk) -> None:
        self.frequencies.update({*ask.title, *ask.details, *ask.answer})
        length = 2 * len(ask.title) + len(ask.details) + len(ask.answer)
        self.lengths[number] = length
        self.title_lengths[number] = len(ask.title)
        self.channels[number] = ask.channel

    def post(self, number: int, ask: MadeUpAsk, words: set[str]) -> None:
        text = [*ask.title, *ask.title, *ask.details, *ask.answer]
        for postings, counted in (
            (self.postings, text),
            (self.title_postings, ask.title),
        ):
            for word in words.intersection(counted):
                asks, counts = postings.setdefault(word, (array("I"), array("I")))
                asks.append(number)
                counts.append(counted.count(word))

    @property
    def document_count(self) -> int:
        return len(self.lengths) - 1

    def stem(self, words: Sequence[str]) -> Sequence[str]:
        """Return the words: they are their own stems."""
        return words

    def frequency(self, stem: str) -> int:
        return self.frequencies[stem]

    def best(self, weighted: WeightedQuery, limit: int) -> set[int]:
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
        return set(nlargest(limit, scores, key=lambda ask: scores[ask]))
