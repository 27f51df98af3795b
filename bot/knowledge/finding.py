"""Find what helped: for members who search, and for those who have just asked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from bot.db.statements import upsert
from bot.knowledge import entries
from bot.knowledge.entries import Entry
from bot.runtime import Transaction
from bot.search.query import SearchQuery
from bot.search.rules import (
    is_worth_showing_unasked,
    possibly_similar,
    prefer_channel,
)
from bot.search.service import Search
from bot.workspace import visibility
from models import Ask, AskSuggestion, Channel

PAGE_SIZE = 5
# Nobody turns more pages.
MAX_FOUND = 50
# So many are ranked: there may be many open asks before the first that was answered.
MAX_RANKED = 1000
MAX_SUGGESTIONS = 3
# A question that was left open for longer helps nobody who writes a new one.
OPEN_ASKS_SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of entries; `next_start` is where the next begins, None after the last."""

    entries: Sequence[Entry]
    start: int
    next_start: int | None
    is_complete: bool


def find(
    tx: Transaction,
    search: Search,
    member: str,
    words: str,
    *,
    start: int = 0,
    includes_open: bool = False,
) -> FoundPage:
    """Return a page of what the member may see, the best first, old answers last.

    `words` is mrkdwn. Raises MembershipUnknown.
    """
    readable = visibility.readable_channels(tx, member, is_exact=True)
    results = search.find(tx.session, readable, SearchQuery(words), limit=MAX_RANKED)
    hits = [hit.ask_id for hit in results.hits]
    shown = hits if includes_open else entries.answered(tx, hits)
    loaded = entries.load(tx, member, shown[:MAX_FOUND], includes_open=includes_open)
    ordered = sorted(_newer_first(loaded), key=lambda entry: entry.freshness == "old")
    end = start + PAGE_SIZE
    return FoundPage(
        ordered[start:end],
        start,
        end if end < len(ordered) else None,
        results.is_complete,
    )


def _newer_first(unordered: Sequence[Entry]) -> list[Entry]:
    """Put a newer entry with the same problem before an older one."""
    by_id = {entry.ask_id: entry for entry in unordered}
    ordered: dict[int, Entry] = {}
    for entry in unordered:
        chain = [entry]
        while (newer := chain[-1].newer) and newer.ask_id in by_id:
            chain.append(by_id[newer.ask_id])
        for each in reversed(chain):
            ordered.setdefault(each.ask_id, each)
    return list(ordered.values())


def similar(
    tx: Transaction,
    search: Search,
    member: str,
    query: SearchQuery,
    *,
    channel_id: int | None = None,
    excluded: Collection[int] = (),
) -> list[Entry]:
    """Return up to three entries that may be similar to what the member is writing.

    `channel_id` is the row of the channel in which they are about to ask.
    """
    readable = visibility.readable_channels(tx, member)
    results = search.find(
        tx.session, readable, query, limit=MAX_FOUND, excluded=excluded
    )
    hits = prefer_channel(results.hits, channel_id)
    likely = [hit.ask_id for hit in possibly_similar(hits)]
    since = tx.now - OPEN_ASKS_SHOWN_FOR
    recent = tx.session.scalars(
        select(Ask.id).where(Ask.id.in_(likely), Ask.asked_at >= since)
    ).all()
    shown = [
        entry
        for entry in entries.load(tx, member, likely)
        if entry.is_answered or entry.ask_id in recent
    ]
    return shown[:MAX_SUGGESTIONS]


def answered_like(
    tx: Transaction,
    search: Search,
    member: str,
    ask: Ask,
    *,
    excluded: Collection[int] = (),
) -> list[Entry]:
    """Return answered entries like an ask that may be named in its channel.

    Only those that the member may see, the best first. Raises MembershipUnknown.
    """
    readable = visibility.readable_channels(tx, member, is_exact=True)
    channel = tx.session.get_one(Channel, ask.channel_id)
    quotable = {
        source.id
        for source in tx.session.scalars(
            select(Channel).where(Channel.id.in_(readable))
        )
        if visibility.may_quote(source, channel)
    }
    query = SearchQuery(ask.title, ask.details)
    results = search.find(
        tx.session, quotable, query, limit=MAX_RANKED, excluded={ask.id, *excluded}
    )
    hits = [hit.ask_id for hit in results.hits if hit.shared_title_words]
    shown = entries.answered(tx, hits)[:MAX_FOUND]
    loaded = entries.load(tx, member, shown, includes_open=False)
    return _newer_first(loaded)[:PAGE_SIZE]


def suggest(tx: Transaction, search: Search, ask: Ask) -> list[Entry]:
    """Return what has probably solved the problem of a new ask.

    It is empty unless the best entry is probably right: see `is_worth_showing_unasked`.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    if not channel.suggests_entries:
        return []
    readable = visibility.readable_channels(tx, ask.asker)
    query = SearchQuery(ask.title, ask.details)
    results = search.find(
        tx.session, readable, query, limit=MAX_RANKED, excluded={ask.id}
    )
    if not results.is_complete:
        return []
    hits = prefer_channel(results.hits, ask.channel_id)
    answered = entries.answered(tx, [hit.ask_id for hit in hits])[: 2 * PAGE_SIZE]
    loaded = entries.load(tx, ask.asker, answered, includes_open=False)
    shown = {
        entry.ask_id: entry
        for entry in loaded
        if entry.freshness != "old"
        and any(answer.author_id != ask.asker for answer in entry.answers)
    }
    # Others with the same words, open ones say, must not keep the best one back.
    hits = [hit for hit in hits if hit.ask_id in shown]
    if not is_worth_showing_unasked(hits):
        return []
    best, *others = [shown[hit.ask_id] for hit in hits if hit.is_alike]
    # Others are mostly about something else, but one's own are recognised at once.
    own = [entry for entry in others if entry.is_own]
    return sorted([best, *own][:MAX_SUGGESTIONS], key=lambda entry: not entry.is_own)


def suggested(tx: Transaction, ask: Ask) -> list[Entry]:
    """Return what was suggested to the asker, except what they said is not theirs."""
    entry_ids = tx.session.scalars(
        select(AskSuggestion.entry_id)
        .filter_by(ask_id=ask.id, is_dismissed=False)
        .order_by(AskSuggestion.position)
    ).all()
    return entries.load(tx, ask.asker, entry_ids, includes_open=False)


def remember(tx: Transaction, ask_id: int, shown: Sequence[Entry]) -> None:
    """Store the suggestions to an asker, who can see them again until it is solved."""
    tx.session.execute(
        upsert(tx.session, AskSuggestion)
        .values(
            [
                {
                    "ask_id": ask_id,
                    "entry_id": entry.ask_id,
                    "position": position,
                    "is_dismissed": False,
                    "suggested_at": tx.now,
                }
                for position, entry in enumerate(shown, start=1)
            ]
        )
        .on_conflict_do_nothing()
    )
