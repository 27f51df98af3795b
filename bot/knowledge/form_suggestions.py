"""Possibly similar entries in the form to ask, below the question as it is typed.

Slack shows the form; what the bot knows of it is in the form's own metadata.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from slack_sdk.models.blocks import Block

from bot.knowledge import blocks, finding, presentation
from bot.runtime import Transaction
from bot.search.query import SearchQuery
from bot.search.service import Search
from bot.search.tokens import subject_words, tokenize, without_unfinished_word

# With fewer words than these there is nothing to look for.
MIN_WORDS = 2
# A form that keeps changing under a member's hands is no help.
MAX_DRAWS = 5
# The metadata of a form has room for 3,000 characters.
MAX_METADATA_WORDS = 40
MAX_TOPIC_WORDS = 20


@dataclass(frozen=True, slots=True)
class Look:
    """A look for what is similar to a question, and what was looked for before.

    `question` is plain text.
    """

    question: str
    words: frozenset[str]
    topics: frozenset[str] = frozenset()
    looked_for: frozenset[str] = frozenset()
    dismissed: frozenset[int] = frozenset()
    draws: int = 0

    @classmethod
    def of_view(
        cls,
        question: str,
        metadata: Mapping[str, Any],
        *,
        topics: Sequence[str] = (),
        is_typing: bool = False,
    ) -> Self:
        """Read the look from a form. `question` and `topics` are plain text.

        While the member is typing, a word counts as soon as it is followed by a space.
        """
        if is_typing:
            question = without_unfinished_word(question)
        words, dismissed = metadata.get("words"), metadata.get("dismissed")
        draws = metadata.get("draws")
        return cls(
            question,
            frozenset(subject_words(question)[:MAX_METADATA_WORDS]),
            frozenset(tokenize(" ".join(topics))[:MAX_TOPIC_WORDS]),
            frozenset(map(str, words)) if isinstance(words, list) else frozenset(),
            frozenset(number for number in dismissed if isinstance(number, int))
            if isinstance(dismissed, list)
            else frozenset(),
            draws if isinstance(draws, int) else 0,
        )

    @property
    def is_possible(self) -> bool:
        return len(self.words) >= MIN_WORDS and self.draws < MAX_DRAWS

    @property
    def is_due(self) -> bool:
        """True if a significant word or a topic was added since the last look."""
        return self.is_possible and not self.words | self.topics <= self.looked_for

    def without(self, entry_id: int) -> Self:
        return replace(self, dismissed=self.dismissed | {entry_id})

    def metadata(self) -> dict[str, object]:
        """Return what the next look is to know."""
        return {
            "words": sorted(self.words | self.topics),
            "dismissed": sorted(self.dismissed)[-MAX_METADATA_WORDS:],
            "draws": self.draws + 1,
        }


def blocks_for(
    tx: Transaction,
    search: Search,
    member: str,
    query: SearchQuery,
    look: Look,
    *,
    channel_id: int | None = None,
) -> list[Block]:
    """Return the blocks below the question; none if nothing is similar.

    `channel_id` is the row of the channel that is chosen in the form.
    """
    if len(look.words) < MIN_WORDS:
        return []
    entries = finding.similar(
        tx, search, member, query, channel_id=channel_id, excluded=look.dismissed
    )
    return blocks.similar(presentation.views(tx, member, entries))
