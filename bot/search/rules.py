"""When to show an entry that nobody asked for, and the order of entries. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

# By how much the best is ahead of the second, and how many words of the titles agree.
MIN_LEAD = 0.30
MIN_SHARED_TITLE_WORDS = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """An ask that the index found, the best first."""

    ask_id: int
    score: float
    # The number of words, without their endings, that the two titles share.
    shared_title_words: int


def is_worth_showing_unasked(hits: Sequence[Hit]) -> bool:
    """Return True if the best hit is clearly ahead, and about the same by its title.

    The caller checks that it is answered, and by someone else.
    """
    if not hits:
        return False
    best = hits[0]
    second = hits[1].score if len(hits) > 1 else 0.0
    is_ahead = best.score > 0 and (best.score - second) / best.score >= MIN_LEAD
    return is_ahead and best.shared_title_words >= MIN_SHARED_TITLE_WORDS


def rerank(hits: Sequence[Hit]) -> list[Hit]:
    """Return the first hundred in the order in which they are shown.

    This is where a model that understands sentences would go. For now the order is the
    index's, and the newer one of two that are equally good is first.
    """
    return sorted(hits, key=lambda hit: (-hit.score, -hit.ask_id))
