"""All rows of the database, to compare them before and after."""

from collections.abc import Collection

from sqlalchemy import select

from models import Base
from tests.factories import Story

# These may be fetched meanwhile.
PROFILES = frozenset({"members", "channels", "channel_members"})


def all_rows(story: Story, *, but: Collection[str] = PROFILES) -> dict[str, list[str]]:
    """Return the rows of all tables but these, as sorted texts, by table."""
    if story.memory is None:
        return _read_all(story, but)
    version, key = story.memory.version(), frozenset(but)
    if story.memory.read.get(key, (None,))[0] != version:
        story.memory.read[key] = version, _read_all(story, but)
    rows: dict[str, list[str]] = story.memory.read[key][1]
    return rows


def _read_all(story: Story, but: Collection[str]) -> dict[str, list[str]]:
    with story.rt.read_session() as session:
        return {
            table.name: sorted(
                str(tuple(row)) for row in session.execute(select(table))
            )
            for table in Base.metadata.sorted_tables
            if table.name not in but
        }
