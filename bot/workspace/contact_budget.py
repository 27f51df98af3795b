"""The contact budget: how many unasked messages a member gets, from all features.

Each such message claims a place right before it is sent. If there is none, it waits:
the member finds it in their Home tab, and it is sent when a place is free.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import delete, exists, select

from bot.db.statements import upsert
from bot.errors import UserError
from bot.outbox import enqueue, home_refresh
from bot.outbox.kind import MessageKind
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.workspace import budget_rules, workspace_settings
from bot.workspace.budget_rules import Purpose
from models import Member, OutboxItem, UnaskedMessage

GONE = "There is nothing left to send."

_UNSENT = ("cancelled", "rejected")


def claim_as(purpose: Purpose) -> Callable[[Transaction, Delivery], datetime]:
    """Return a function that claims a place for a message of this purpose."""
    return partial(_claim, purpose=purpose)


def _claim(tx: Transaction, delivery: Delivery, *, purpose: Purpose) -> datetime:
    """Claim a place; return `now`, or the time (UTC) to try again.

    A message that its recipient wants now needs no place, and one that has a place
    keeps it when it is sent again after a failure.
    """
    if delivery.is_wanted:
        return tx.now
    member = delivery.recipient
    _lock(tx, member)
    rows = tx.session.execute(
        select(UnaskedMessage, OutboxItem.finished_at)
        .join(OutboxItem, OutboxItem.id == UnaskedMessage.item_id)
        .where(
            UnaskedMessage.installation_id == tx.workspace.id,
            UnaskedMessage.member == member,
            OutboxItem.state.not_in(_UNSENT),
        )
    ).all()
    key = (delivery.id, delivery.version)
    others = [(row, end) for row, end in rows if (row.item_id, row.version) != key]
    own = next((row for row, _ in rows if (row.item_id, row.version) == key), None)
    if own is not None and own.claimed_at is not None:
        if purpose is not Purpose.REQUEST:
            return tx.now
        # Slack may have taken nothing since several requests got their places.
        last_end = max((end for _, end in others if end), default=None)
        return budget_rules.request_at(tx.now, last_end)
    sent = [
        row.claimed_at
        for row, _ in others
        if row.claimed_at and row.claimed_at > tx.now - budget_rules.WINDOW
    ]
    ahead = sum(
        row.claimed_at is None
        and finished_at is None
        and row.item_id != delivery.id
        and (Purpose(row.purpose).rank, row.item_id) < (purpose.rank, delivery.id)
        for row, finished_at in others
    )
    budget = workspace_settings.get(tx).unasked_per_week
    at = budget_rules.send_at(tx.now, sent, ahead, budget_rules.places(budget, purpose))
    tx.session.execute(
        upsert(tx.session, UnaskedMessage)
        .values(
            item_id=delivery.id,
            version=delivery.version,
            installation_id=tx.workspace.id,
            member=member,
            purpose=purpose,
            claimed_at=tx.now if at <= tx.now else None,
        )
        .on_conflict_do_update(
            index_elements=["item_id", "version"],
            set_={"claimed_at": tx.now if at <= tx.now else None},
        )
    )
    if (at > tx.now) == (own is None):
        home_refresh.refresh_homes(tx, [member])
    return at


def sent_times(
    tx: Transaction, people: Collection[str]
) -> Mapping[str, Sequence[datetime]]:
    """Return when each of them got the messages that count now (UTC)."""
    rows = tx.session.execute(
        select(UnaskedMessage.member, UnaskedMessage.claimed_at)
        .join(OutboxItem, OutboxItem.id == UnaskedMessage.item_id)
        .where(
            UnaskedMessage.installation_id == tx.workspace.id,
            UnaskedMessage.member.in_(people),
            UnaskedMessage.claimed_at > tx.now - budget_rules.WINDOW,
            OutboxItem.state.not_in(_UNSENT),
        )
    )
    times: dict[str, list[datetime]] = {person: [] for person in people}
    for member, claimed_at in rows:
        if claimed_at is not None:
            times[member].append(claimed_at)
    return times


def lock_room(tx: Transaction, member: str, *, limit: int) -> bool:
    """Return True if the member may be asked for help now; it stays so in `tx`.

    `limit` is the most messages in WINDOW, this one included. Someone who was forgotten
    meanwhile may not be asked.
    """
    is_present = _lock(tx, member)
    return is_present and budget_rules.has_room(
        tx.now, sent_times(tx, [member])[member], limit
    )


def enqueue_request(
    tx: Transaction, kind: MessageKind, subject_id: int, *, to: str
) -> None:
    """Enqueue a request together with its place, after `lock_room`."""
    tx.enqueue(kind, subject_id, to=to)
    item = tx.session.scalars(
        select(OutboxItem).filter_by(
            installation_id=tx.workspace.id,
            dedup_key=enqueue.dedup_key(kind, subject_id, to),
        )
    ).one()
    tx.session.add(
        UnaskedMessage(
            item_id=item.id,
            version=item.version,
            installation_id=tx.workspace.id,
            member=to,
            purpose=Purpose.REQUEST,
            claimed_at=tx.now,
        )
    )


def _lock(tx: Transaction, member: str) -> bool:
    """Let one message to the member claim at a time; False if they were forgotten."""
    fetched_at = tx.session.scalar(
        select(Member.fetched_at)
        .filter_by(installation_id=tx.workspace.id, slack_id=member)
        .with_for_update(key_share=True)
    )
    return fetched_at is not None


def waiting(tx: Transaction, member: str) -> list[OutboxItem]:
    """Return the messages that wait for a place, the next first."""
    rows = tx.session.execute(
        select(OutboxItem, UnaskedMessage.purpose)
        .join(
            UnaskedMessage,
            (UnaskedMessage.item_id == OutboxItem.id)
            & (UnaskedMessage.version == OutboxItem.version),
        )
        .where(
            UnaskedMessage.installation_id == tx.workspace.id,
            UnaskedMessage.member == member,
            UnaskedMessage.claimed_at.is_(None),
            OutboxItem.state == "pending",
        )
    ).all()
    ordered = sorted(rows, key=lambda row: (Purpose(row.purpose).rank, row[0].id))
    return [item for item, _ in ordered]


def send_now(tx: Transaction, member: str, item_id: int) -> None:
    """Send a waiting message that its recipient wants now. Raises UserError."""
    item = next((item for item in waiting(tx, member) if item.id == item_id), None)
    if item is None:
        raise UserError(GONE)
    enqueue.send_wanted(tx.session, item.id, now=tx.now)
    home_refresh.refresh_homes(tx, [member])


def purge(tx: Transaction) -> None:
    """Delete rows that no longer count, and those of messages that are not sent."""
    is_over = exists().where(
        OutboxItem.id == UnaskedMessage.item_id, OutboxItem.finished_at.is_not(None)
    )
    tx.session.execute(
        delete(UnaskedMessage).where(
            UnaskedMessage.installation_id == tx.workspace.id,
            (UnaskedMessage.claimed_at <= tx.now - budget_rules.WINDOW)
            | (UnaskedMessage.claimed_at.is_(None) & is_over),
        )
    )
