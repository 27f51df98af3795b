"""Meetings of two people: in a pair, or in a circle together."""

from collections.abc import Collection
from datetime import datetime
from itertools import combinations

from bot.db.statements import upsert
from bot.runtime import Transaction
from models import PeerMeeting


def record(tx: Transaction, people: Collection[str], *, met_at: datetime) -> None:
    """Store that all of these people met. An earlier meeting changes nothing."""
    rows = [
        {
            "installation_id": tx.workspace.id,
            "member": member,
            "other": other,
            "last_met_at": met_at,
        }
        # Sorted, so that two transactions lock the rows in the same order.
        for member, other in combinations(sorted(set(people)), 2)
    ]
    if not rows:
        return
    insert = upsert(tx.session, PeerMeeting)
    tx.session.execute(
        insert.on_conflict_do_update(
            index_elements=["installation_id", "member", "other"],
            set_={"last_met_at": insert.excluded.last_met_at},
            where=PeerMeeting.last_met_at < insert.excluded.last_met_at,
        ),
        rows,
    )
