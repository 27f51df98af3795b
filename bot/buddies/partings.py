"""End it for two who must not be buddies, as is known only since the buddy's yes.

A file has named one as the other's manager, or one never wants to meet the other. It
counts until the newcomer reads of the buddy; after that, either can end it.
"""

from collections.abc import Sequence

from sqlalchemy import Select, or_

from bot.buddies import service, wishes
from bot.buddies.message_kinds import BUDDY_WEEK
from bot.buddies.rules import Week
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.people import exclusions
from bot.runtime import Transaction
from models import BuddyPair


def must_part(tx: Transaction, pair: BuddyPair) -> bool:
    """Return True if the newcomer must not read of the buddy, and has not yet."""
    query = _forbidden(tx).where(BuddyPair.id == pair.id)
    return tx.session.scalar(query) is not None and not _is_introduced(tx, pair)


def due(tx: Transaction) -> Sequence[tuple[int, str]]:
    """Return the pairs to end, with the newcomer of each."""
    rows = tx.session.scalars(_forbidden(tx).order_by(BuddyPair.id))
    return [(row.id, row.newcomer) for row in rows if not _is_introduced(tx, row)]


def _forbidden(tx: Transaction) -> Select[BuddyPair]:
    two = BuddyPair.newcomer, BuddyPair.buddy
    return service.running_in(tx.workspace.id, tx.now).where(
        or_(
            exclusions.are_manager_and_report(tx, *two),
            exclusions.are_excluded(tx, *two),
        )
    )


def _is_introduced(tx: Transaction, pair: BuddyPair) -> bool:
    first = str(Week.PEOPLE.number)
    key = dedup_key(BUDDY_WEEK, pair.id, pair.newcomer, first)
    return find_sent(tx.session, tx.workspace.id, key) is not None


def part(tx: Transaction, due_pair: tuple[int, str]) -> None:
    """End a pair, and look for someone else; the newcomer learns of nothing."""
    pair_id, newcomer = due_pair
    wish = wishes.lock(tx, newcomer)
    pair = service.lock(tx, pair_id, newcomer)
    if not service.is_running(tx, pair) or not must_part(tx, pair):
        return
    service.end_early(tx, pair, newcomer)
    if wish is not None:
        wishes.look(tx, wish)
