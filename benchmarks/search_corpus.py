"""Made-up asks and queries to measure the search with."""

import random
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from bot.search.index import Document
from bot.search.query import SearchQuery

CHANNELS = 400

# What a word consists of; one that ends in "k" is its own stem.
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


class MadeUpAsk(NamedTuple):
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

    def ask(self, number: int) -> MadeUpAsk:
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
        return MadeUpAsk(channel, title, details, answer)

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


def to_document(number: int, ask: MadeUpAsk) -> Document:
    title, details, answer = map(" ".join, (ask.title, ask.details, ask.answer))
    return Document(number, ask.channel, title, details, [answer])
