"""Weigh the words of a query; guess at a title word that nobody wrote so far. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.search.tokens import subject_words, tokenize

TITLE_WORD = 2.5
TITLE_WORD_IN_TITLE = 1.25
CORRECTED = 0.7
DETAILS_WORD = 1.0
# The rarest words count; of code and traces these say what it is about.
MAX_WORDS = 50
# Identifiers of a trace, and the like, are too long to be the subject of an ask.
MAX_DETAILS_WORD = 30
# A word of a larger share of all documents, and of more than a few, is of all subjects.
COMMON_SHARE = 1 / 3
MIN_COMMON = 10
# The least length of a word that is corrected, or of each word of two that were written
# as one, and how many are.
MIN_CORRECTED_LENGTH = 4
MAX_CORRECTED = 5

# The alphabets in which a letter may be missing or wrong, by their first letters.
_ALPHABETS = [
    "".join(map(chr, range(first, last + 1)))
    # Latin, Greek, Cyrillic, Hebrew, Arabic.
    for first, last in (
        (0x61, 0x7A),
        (0x3B1, 0x3C9),
        (0x430, 0x44F),
        (0x5D0, 0x5EA),
        (0x621, 0x64A),
    )
]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A person's words, as mrkdwn."""

    title: str
    details: str = ""


class Vocabulary(Protocol):
    """The words of an index."""

    @property
    def document_count(self) -> int:
        """The number of documents."""

    def stem(self, words: Sequence[str]) -> Sequence[str]:
        """Return the stem of each word, as the index has it."""

    def frequency(self, stem: str) -> int:
        """Return the number of documents with the word; 0 for an unknown one."""


@dataclass(frozen=True, slots=True)
class WeightedQuery:
    """Stems with their weights, in the whole text and in the title."""

    anywhere: Mapping[str, float]
    in_title: Mapping[str, float]
    # The words that say what the title is about, with their shares of all that it says.
    subject: Mapping[str, float]


def weigh_words(query: SearchQuery, vocabulary: Vocabulary) -> WeightedQuery:
    """Weigh the known words of a query."""
    words = list(dict.fromkeys(tokenize(query.title)))
    stems = dict(zip(words, vocabulary.stem(words), strict=True))
    frequencies = {stem: vocabulary.frequency(stem) for stem in stems.values()}
    known = _rarest({stem: n for stem, n in frequencies.items() if n})
    title = dict.fromkeys(known, TITLE_WORD)
    unknown = [word for word, stem in stems.items() if not frequencies[stem]]
    for guess in _guesses(unknown, vocabulary):
        title.setdefault(guess, TITLE_WORD * CORRECTED)
    words = [w for w in tokenize(query.details) if len(w) <= MAX_DETAILS_WORD]
    details = _rarest(
        {
            stem: frequency
            for stem in dict.fromkeys(vocabulary.stem(words))
            if stem not in title and (frequency := vocabulary.frequency(stem))
        }
    )
    ratio = TITLE_WORD_IN_TITLE / TITLE_WORD
    return WeightedQuery(
        anywhere=title | dict.fromkeys(details, DETAILS_WORD),
        in_title={stem: weight * ratio for stem, weight in title.items()},
        subject=_subject(query.title, vocabulary),
    )


def _subject(title: str, vocabulary: Vocabulary) -> dict[str, float]:
    """Return the share of each known word in what the title says: rare ones say more.

    An unknown word says as much as one of a single document.
    """
    count = vocabulary.document_count
    most = max(COMMON_SHARE * count, MIN_COMMON)
    stems = dict.fromkeys(vocabulary.stem(subject_words(title)))
    frequencies = {stem: vocabulary.frequency(stem) for stem in stems}
    rarities = {
        stem: _rarity(max(frequency, 1), count)
        for stem, frequency in frequencies.items()
        if frequency <= most
    }
    total = sum(rarities.values())
    return {
        stem: rarity / total for stem, rarity in rarities.items() if frequencies[stem]
    }


def _rarity(frequency: int, count: int) -> float:
    """Return the weight that BM25 gives to a word of so many documents."""
    others = max(count - frequency, 0)
    return math.log1p((others + 0.5) / (frequency + 0.5))


def _rarest(frequencies: Mapping[str, int]) -> list[str]:
    return sorted(frequencies, key=lambda stem: frequencies[stem])[:MAX_WORDS]


def _guesses(unknown: Iterable[str], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the stem that may be meant by each word, or the two that it is made of."""
    words = [
        word for word in unknown if len(word) >= MIN_CORRECTED_LENGTH and word.isalpha()
    ]
    for word in words[:MAX_CORRECTED]:
        stems = set(vocabulary.stem(list(_neighbours(word))))
        frequency, best = max((vocabulary.frequency(stem), stem) for stem in stems)
        if frequency:
            yield best
        else:
            yield from _parts(word, vocabulary)


def _parts(word: str, vocabulary: Vocabulary) -> Sequence[str]:
    """Return the stems of the two known words that a word joins, the most frequent.

    German joins them with an `s` at times: Verbindungsfehler.
    """
    pairs = [
        (head, word[end:])
        for end in range(MIN_CORRECTED_LENGTH, len(word) - MIN_CORRECTED_LENGTH + 1)
        for head in {word[:end], word[:end].removesuffix("s")}
        if len(head) >= MIN_CORRECTED_LENGTH
    ]
    stems = [vocabulary.stem(pair) for pair in pairs]
    frequencies = [min(map(vocabulary.frequency, pair)) for pair in stems]
    best = max(zip(frequencies, stems, strict=True), default=(0, ()))
    return best[1] if best[0] else ()


def _neighbours(word: str) -> set[str]:
    """Return everything that is one typing error behind the first letter away.

    That is a letter too many or too few, another letter, or two letters swapped.
    """
    alphabet = next((letters for letters in _ALPHABETS if word[1] in letters), "")
    neighbours: set[str] = set()
    for i in range(1, len(word) + 1):
        head, tail = word[:i], word[i:]
        neighbours.update(head + letter + tail for letter in alphabet)
        if tail:
            neighbours.add(head + tail[1:])
            neighbours.update(head + letter + tail[1:] for letter in alphabet)
        if len(tail) > 1:
            neighbours.add(head + tail[1] + tail[0] + tail[2:])
    return neighbours - {word}
