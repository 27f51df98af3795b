"""Turn entries into what people see of them."""

from collections.abc import Sequence

from sqlalchemy import select

from bot.knowledge import blocks
from bot.knowledge.blocks import EntryView
from bot.knowledge.entries import Entry
from bot.knowledge.finding import FoundPage
from bot.runtime import Transaction
from bot.slack.blocks import Note
from bot.slack.text import SOMEONE
from models import EntryReview


def views(tx: Transaction, member: str, entries: Sequence[Entry]) -> list[EntryView]:
    """Return the entries as the member sees them."""
    flagged = set(
        tx.session.scalars(
            select(EntryReview.ask_id).where(
                EntryReview.ask_id.in_([entry.ask_id for entry in entries]),
                EntryReview.member == member,
                EntryReview.verdict == "outdated",
                EntryReview.is_present.is_(True),
            )
        )
    )
    return [_view(entry, is_flagged=entry.ask_id in flagged) for entry in entries]


def _view(entry: Entry, *, is_flagged: bool) -> EntryView:
    best = entry.answers[0] if entry.answers else None
    return EntryView(
        id=entry.ask_id,
        title=entry.title,
        url=entry.url,
        place=entry.channel_name,
        is_private=entry.is_private,
        is_own=entry.is_own,
        state=entry.state,
        what_worked=entry.what_worked,
        answer=best.text if best else None,
        author=best.author if best else None,
        answer_url=best.url if best else None,
        helped_count=entry.helped_count,
        asked=entry.asked_on,
        confirmed=entry.confirmed_on,
        is_due=entry.freshness == "due",
        is_old=entry.freshness == "old",
        outdated_reasons=entry.outdated_reasons,
        is_flagged=is_flagged,
        newer_title=entry.newer.title if entry.newer else None,
        newer_url=entry.newer.url if entry.newer else None,
        other_answers=[
            (answer.author or SOMEONE, answer.text)
            for answer in entry.answers[1:]
            if answer.text
        ],
    )


def suggestion(
    tx: Transaction, ask_id: int, member: str, entries: Sequence[Entry]
) -> Note | None:
    """Return the private note to the asker of a new ask; None if there is nothing."""
    if not entries:
        return None
    return blocks.suggestion(ask_id, views(tx, member, entries))


def results(
    tx: Transaction, member: str, words: str, page: FoundPage, *, includes_open: bool
) -> Note:
    """Return a page of what was found for the member's words (plain text)."""
    return blocks.results(
        words,
        views(tx, member, page.entries),
        start=page.start,
        next_start=page.next_start,
        includes_open=includes_open,
        is_complete=page.is_complete,
    )
