"""What stands on the Home tab, and in which order. No database, no Slack."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

ListName = Literal["asks", "joined", "unanswered", "helped", "checkins"]
LIST_NAMES: tuple[ListName, ...] = get_args(ListName)
# How many of each list a page shows: together they stay below Slack's 100 blocks.
PAGE_SIZES: Mapping[ListName, int] = {
    "asks": 8,
    "joined": 5,
    "unanswered": 8,
    "helped": 5,
    "checkins": 5,
}
# So many rounds of check-ins wait at most; those that close first.
MAX_DUE_ROUNDS = 5


def matches_topics(
    topics: Iterable[str], title: str, known_topics: Iterable[str]
) -> bool:
    """Whether an ask is in a topic that somebody knows: by its tags, or its title.

    `title` is plain text. Most asks are typed in one line, without any tags.
    """
    tags = {topic.casefold() for topic in topics}
    words = title.casefold()
    return any(
        topic in tags or re.search(rf"(?<!\w){re.escape(topic)}(?!\w)", words)
        for topic in (one.casefold() for one in known_topics)
    )


def page_start(start: object, total: int, size: int) -> int:
    """Where a page begins that is to begin at `start`, in a list of so many by now.

    `start` comes from a button: whatever is no such place is the beginning.
    """
    if not isinstance(start, int) or start < 0 or total == 0:
        return 0
    last = (total - 1) // size * size
    return min(start // size * size, last)


def parse_page(value: str) -> tuple[ListName, int] | None:
    """What a button to another page says, as "asks:8"; None for what we never sent."""
    name, _, start = value.partition(":")
    for known in LIST_NAMES:
        if name == known and start.isascii() and start.isdigit() and len(start) < 7:  # noqa: PLR2004
            return known, int(start)
    return None
