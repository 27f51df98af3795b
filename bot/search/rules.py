"""When to show an entry that nobody asked for, and the order of entries. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

# Titles are alike if they share so many words, and these are so much of what the new
# one says: rare words say more than others.
MIN_SHARED_TITLE_WORDS = 2
MIN_TITLE_SHARE = 0.25
# By how much the best is ahead of the second.
MIN_LEAD = 0.30
# An entry that is further behind the best is about something else.
MIN_OF_BEST = 0.70
# People of a channel have a subject in common. From elsewhere an entry counts for less.
OTHER_CHANNEL = 0.60


@dataclass(frozen=True, slots=True)
class Hit:
    """An ask that the index found, the best first."""

    ask_id: int
    score: float
    # The number of words, without their endings, that say what both titles are about.
    shared_title_words: int = 0
    # Their share of what the query's title says, by their rarity: 0 to 1.
    title_share: float = 0.0
    channel_id: int = 0

    @property
    def is_alike(self) -> bool:
        """True if it is about the same, by its title."""
        return (
            self.shared_title_words >= MIN_SHARED_TITLE_WORDS
            and self.title_share >= MIN_TITLE_SHARE
        )


def prefer_channel(hits: Sequence[Hit], channel_id: int | None) -> list[Hit]:
    """Return the hits with lower scores for those of other channels, the best first."""
    if channel_id is None:
        return list(hits)
    return rerank(
        [
            hit
            if hit.channel_id == channel_id
            # `dataclasses.replace` takes four times as long, for a thousand hits.
            else Hit(
                hit.ask_id,
                hit.score * OTHER_CHANNEL,
                hit.shared_title_words,
                hit.title_share,
                hit.channel_id,
            )
            for hit in hits
        ]
    )


def is_worth_showing_unasked(hits: Sequence[Hit]) -> bool:
    """Return True if the best hit is clearly ahead, and alike.

    `hits` are those that could be shown: answered, and by someone else.
    """
    if not hits:
        return False
    best = hits[0]
    second = hits[1].score if len(hits) > 1 else 0.0
    is_ahead = best.score > 0 and (best.score - second) / best.score >= MIN_LEAD
    return is_ahead and best.is_alike


def possibly_similar(hits: Sequence[Hit]) -> list[Hit]:
    """Return those that are alike, and not far behind the best of all."""
    return [
        hit for hit in hits if hit.is_alike and hit.score >= MIN_OF_BEST * hits[0].score
    ]


def rerank(hits: Sequence[Hit]) -> list[Hit]:
    """Return the first hundred in the order in which they are shown.

    This is where a model that understands sentences would go. For now the order is the
    index's, and the newer one of two that are equally good is first.
    """
    return sorted(hits, key=lambda hit: (-hit.score, -hit.ask_id))
