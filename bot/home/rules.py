"""Pages of the lists on the Home tab. Pure."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PagedList:
    """A list on the Home tab that is shown in pages of `page_size` items.

    The page sizes keep all sections together below Slack's limit of 100 blocks.
    """

    name: str
    page_size: int


def page_start(start: object, total: int, size: int) -> int:
    """Return the offset of the page that contains `start`, in a list of `total`.

    `start` comes from a button: an invalid one is the first page.
    """
    if not isinstance(start, int) or start < 0 or total == 0:
        return 0
    last = (total - 1) // size * size
    return min(start // size * size, last)


def parse_page(value: str, names: Collection[str]) -> tuple[str, int] | None:
    """Parse the value of a button to a page, such as "asks:8"; None if invalid.

    `names` are the names of the lists that have pages.
    """
    name, _, start = value.partition(":")
    is_start = start.isascii() and start.isdigit() and len(start) < 7  # noqa: PLR2004
    return (name, int(start)) if name in names and is_start else None
