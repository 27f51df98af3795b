"""The pages of the Home tab, and those of its lists. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

HomePage = Literal["today", "people", "program"]
# In the order of their buttons.
PAGES: tuple[HomePage, ...] = get_args(HomePage)


@dataclass(frozen=True, slots=True)
class PagedList:
    """A list on the Home tab that is shown in pages of up to `page_size` items.

    A page has fewer if the tab is so full that its lists are cut.
    """

    name: str
    page_size: int


def page_start(start: object, total: int, size: int) -> int:
    """Return `start` if a list of `total` has it, else the offset of its last page.

    `start` comes from a button: an invalid one is the first page.
    """
    if not isinstance(start, int) or start < 0 or total == 0:
        return 0
    return start if start < total else (total - 1) // size * size


def parse_page(value: str, names: Collection[str]) -> tuple[str, int] | None:
    """Parse the value of a button to a page, such as "asks:8"; None if invalid.

    `names` are the names of the lists that have pages.
    """
    name, _, start = value.partition(":")
    is_start = start.isascii() and start.isdigit() and len(start) < 7  # noqa: PLR2004
    return (name, int(start)) if name in names and is_start else None
