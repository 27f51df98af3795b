"""Weigh the words of a query; correct a title word that nobody wrote so far. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.search.tokens import tokenize

TITLE_WORD = 2.5
TITLE_WORD_IN_TITLE = 1.25
CORRECTED = 0.7
DETAILS_WORD = 1.0
# The rarest words count; of code and traces these say what it is about.
MAX_WORDS = 50
# Identifiers of a trace, and the like, are too long to be the subject of an ask.
MAX_DETAILS_WORD = 30
# The least length of a word that is corrected, and how many are.
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

    def stem(self, words: Sequence[str]) -> Sequence[str]:
        """Return the stem of each word, as the index has it."""

    def frequency(self, stem: str) -> int:
        """Return the number of documents with the word; 0 for an unknown one."""


@dataclass(frozen=True, slots=True)
class WeightedQuery:
    """Stems with their weights, in the whole text and in the title."""

    anywhere: Mapping[str, float]
    in_title: Mapping[str, float]
    # The words of the title that are known as they were written.
    title_stems: frozenset[str]


def weigh_words(query: SearchQuery, vocabulary: Vocabulary) -> WeightedQuery:
    """Weigh the known words of a query."""
    words = list(dict.fromkeys(tokenize(query.title)))
    stems = dict(zip(words, vocabulary.stem(words), strict=True))
    frequencies = {stem: vocabulary.frequency(stem) for stem in stems.values()}
    known = _rarest({stem: n for stem, n in frequencies.items() if n})
    title = dict.fromkeys(known, TITLE_WORD)
    unknown = [word for word, stem in stems.items() if not frequencies[stem]]
    for corrected in _corrections(unknown, vocabulary):
        title.setdefault(corrected, TITLE_WORD * CORRECTED)
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
        title_stems=frozenset(known),
    )


def _rarest(frequencies: Mapping[str, int]) -> list[str]:
    return sorted(frequencies, key=lambda stem: frequencies[stem])[:MAX_WORDS]


def _corrections(unknown: Iterable[str], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the stem of the most frequent word that may be meant, for each word."""
    correctable = [
        word for word in unknown if len(word) >= MIN_CORRECTED_LENGTH and word.isalpha()
    ]
    for word in correctable[:MAX_CORRECTED]:
        stems = set(vocabulary.stem(list(_neighbours(word))))
        frequency, best = max((vocabulary.frequency(stem), stem) for stem in stems)
        if frequency:
            yield best


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
