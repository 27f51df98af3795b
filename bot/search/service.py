"""Find asks by their words, in the channels that a person may read."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.search.index import SearchIndex
from bot.search.query import SearchQuery
from bot.search.rules import Hit
from bot.search.snapshot import IndexBroken
from bot.search.tokens import subject_words, tokenize
from models import Ask

log = logging.getLogger(__name__)

# The number of hits that are read beyond those shown.
MAX_STALE = 10
# Without an index, only so many asks are looked through.
MAX_SCANNED = 2000


@dataclass(frozen=True, slots=True)
class Results:
    """Asks that a person may see, the best first.

    `is_complete` is False while there is no index: only the newest asks were looked
    through, for the words as they were typed.
    """

    hits: Sequence[Hit]
    is_complete: bool = True


class Search:
    """The search of this process; for any thread."""

    def __init__(self) -> None:
        self._index: SearchIndex | None = None
        # An index that failed a search, and has not been built anew since.
        self._failed: SearchIndex | None = None
        # The last time at which the index had followed every change.
        self.followed_at: datetime | None = None

    def use(self, index: SearchIndex, *, followed_at: datetime) -> None:
        """Search this index from now on."""
        self._index, self.followed_at = index, followed_at

    def has_failed(self, index: SearchIndex) -> bool:
        """Return True if a search in the index failed, and nothing was done since."""
        return self._failed is index

    def forget_failure(self) -> None:
        self._failed = None

    def uses(self, index: SearchIndex) -> bool:
        return self._index is index

    @property
    def count(self) -> int | None:
        """The number of asks that can be found; None while there is no index."""
        return None if self._index is None else self._index.count

    def find(
        self,
        session: Session,
        readable: Collection[int],
        query: SearchQuery,
        *,
        limit: int,
        excluded: Collection[int] = (),
    ) -> Results:
        """Return up to `limit` asks in the channels, without the excluded ones.

        `readable` are the rows of all channels that the person may read.
        """
        index, hits = self._index, []
        try:
            if index is not None:
                # Some may be gone by now.
                hits = index.search(
                    query, readable, limit + MAX_STALE, excluded=excluded
                )
        except IndexBroken:
            log.exception("the search index failed")
            self._failed, index = index, None
        if index is None:
            hits = _scan(session, readable, query, excluded)
        rows = session.execute(
            select(Ask.id, Ask.channel_id).where(
                Ask.id.in_([hit.ask_id for hit in hits]), Ask.deleted_at.is_(None)
            )
        )
        # Not in the statement: SQLite would go through all asks of these channels.
        readable = frozenset(readable)
        stored = {ask_id for ask_id, channel_id in rows if channel_id in readable}
        current = [hit for hit in hits if hit.ask_id in stored]
        return Results(current[:limit], is_complete=index is not None)


def _scan(
    session: Session,
    readable: Collection[int],
    query: SearchQuery,
    excluded: Collection[int],
) -> list[Hit]:
    """Return the newest asks that share a word with the query, most words first."""
    words = {*tokenize(query.title)} or {*tokenize(query.details)}
    subject = {*subject_words(query.title)}
    rows = session.execute(
        select(Ask.id, Ask.channel_id, Ask.title, Ask.details)
        .where(Ask.channel_id.in_(readable), Ask.deleted_at.is_(None))
        .order_by(Ask.id.desc())
        .limit(MAX_SCANNED)
    )
    hits = []
    for ask_id, channel_id, title, details in rows:
        in_title = len(words & {*tokenize(title)})
        in_details = len(words & {*tokenize(details)})
        if ask_id not in excluded and (in_title or in_details):
            shared = len(subject & {*subject_words(title)})
            share = shared / max(len(subject), 1)
            score = 2 * in_title + in_details
            hits.append(Hit(ask_id, score, shared, share, channel_id))
    return sorted(hits, key=lambda hit: -hit.score)
