"""Enqueue messages within the transaction of the change that causes them.

An item names its subject and recipient. Its text is rendered when its turn comes, from
the facts at that time, so that an undone mark is never announced and many changes of
one ask are one update.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from sqlalchemy import ColumnElement, case, func, null, or_
from sqlalchemy.orm import Session

from bot.db.statements import prepare_insert, table
from bot.outbox.kind import NAMES_IN_TOKENS, MessageKind
from bot.slack.text import is_reachable
from models import OutboxItem

# Key in `session.info`: the installations in which the commit makes a message due, so
# that the worker wakes.
ENQUEUED = "outbox.enqueued"

# Key in the payload of an item whose recipient chose to have it now.
WANTED = "is_wanted"

# Key in `session.info`: the delivery whose outcome the session records.
_CAUSE = "outbox.cause"

# New messages go before updates: members wait for a post more than for its buttons.
NEW, UPDATE = PRIORITIES = (0, 1)

_FINISHED = ("sent", "cancelled", "rejected", "lost")

_items = table(OutboxItem)


def _state_in(states: Iterable[str]) -> ColumnElement[bool]:
    """Return `state IN (…)` as ORs: SQLAlchemy expands IN for each execution."""
    return or_(*(_items.c.state == state for state in states))


def _on_enqueue_conflict(insert: Any) -> Any:
    return insert.on_conflict_do_update(
        index_elements=["installation_id", "dedup_key"],
        set_={
            # A worker may just be rendering the item, and cancel it because its old
            # state needs no message. The new version makes it due again.
            "version": _items.c.version + 1,
            "state": case(
                (_items.c.state == "sending", "sending"), else_=insert.excluded.state
            ),
            "first_sent_at": case(
                (_items.c.state == "cancelled", insert.excluded.first_sent_at),
                else_=func.coalesce(
                    _items.c.first_sent_at, insert.excluded.first_sent_at
                ),
            ),
            "due_at": insert.excluded.due_at,
            "due_set_at": insert.excluded.due_set_at,
            "payload": insert.excluded.payload,
            "failures": 0,
            "verify_attempts": 0,
            "finished_at": None,
        },
        where=_state_in(("cancelled", "pending", "sending")),
    )


def due_again(due_at: Any, due_set_at: Any) -> dict[str, Any]:
    """Return the SET that makes an update due again, if it is finished."""
    is_finished = _state_in(_FINISHED)
    return {
        "version": _items.c.version + 1,
        "state": case((is_finished, "pending"), else_=_items.c.state),
        "due_at": case((is_finished, due_at), else_=_items.c.due_at),
        "due_set_at": case((is_finished, due_set_at), else_=_items.c.due_set_at),
        "failures": case((is_finished, 0), else_=_items.c.failures),
        # Contact hours count the wait of this message, not of an earlier one.
        "first_sent_at": case((is_finished, null()), else_=_items.c.first_sent_at),
        "finished_at": None,
    }


def _on_update_conflict(insert: Any) -> Any:
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["installation_id", "dedup_key"],
        set_={"priority": new.priority, **due_again(new.due_at, new.due_set_at)},
    )


def wake_worker(session: Session, installation_id: int) -> None:
    """Let the worker look for messages of the installation after the commit."""
    session.info.setdefault(ENQUEUED, set()).add(installation_id)


_ENQUEUE = prepare_insert(OutboxItem, _on_enqueue_conflict)
_ENQUEUE_UPDATE = prepare_insert(OutboxItem, _on_update_conflict)


def dedup_key(kind: MessageKind, subject_id: int, to: str, occurrence: str = "") -> str:
    """Return the key that makes the message unique in its workspace."""
    return ":".join(filter(None, (kind, str(subject_id), to, occurrence)))


@dataclass(frozen=True, slots=True)
class Cause:
    """A delivery whose outcome causes other items.

    After a backup was restored, the same delivery may have been made before, and its
    effects sent. So each effect gets the same metadata token again, and is looked up
    by it. `verified_kinds` are the kinds to look up before they are sent; none if the
    delivery was certainly made just now.
    """

    metadata_token: str
    first_sent_at: datetime
    verified_kinds: frozenset[str] = frozenset()

    def derive_token(self, key: str) -> str:
        """Return the token of an effect; it does not change if its kind is renamed."""
        kind, _, rest = key.partition(":")
        name = NAMES_IN_TOKENS.get(kind, kind)
        return uuid5(NAMESPACE_OID, f"{self.metadata_token} {name}:{rest}").hex


@contextmanager
def caused_by(session: Session, cause: Cause) -> Iterator[None]:
    """Derive the tokens of items enqueued in the context from a delivery."""
    session.info[_CAUSE] = cause
    try:
        yield
    finally:
        del session.info[_CAUSE]


def enqueue(
    session: Session,
    kind: MessageKind,
    subject_id: int,
    recipient: str,
    *,
    installation_id: int,
    now: datetime,
    send_at: datetime | None = None,
    payload: dict[str, Any] | None = None,
    occurrence: str = "",
    priority: int = NEW,
) -> None:
    """Enqueue a message, once for each `occurrence`, for `send_at` (UTC) or for now.

    An item that was sent stays sent. An item that was cancelled, because its subject
    had been undone, is enqueued again; a pending one gets the new time. Nothing is
    enqueued for an erased member, or for the author of an ask without a name.
    """
    if not is_reachable(recipient):
        return
    session.execute(
        _ENQUEUE(session),
        _row(
            session,
            kind,
            subject_id,
            recipient,
            installation_id=installation_id,
            send_at=send_at or now,
            now=now,
            payload=payload,
            occurrence=occurrence,
            priority=priority,
        ),
    )


def enqueue_many(
    session: Session,
    kind: MessageKind,
    targets: Iterable[tuple[int, str]],
    *,
    installation_id: int,
    now: datetime,
    send_at: datetime,
) -> None:
    """Enqueue a message for each pair of subject and recipient, in one statement."""
    _enqueue_rows(
        session,
        _ENQUEUE,
        kind,
        targets,
        installation_id=installation_id,
        send_at=send_at,
        now=now,
        priority=NEW,
    )


def enqueue_updates(
    session: Session,
    kind: MessageKind,
    targets: Iterable[tuple[int, str]],
    *,
    installation_id: int,
    now: datetime,
    send_at: datetime | None = None,
) -> None:
    """Enqueue an update for each pair of subject and recipient, in one statement.

    An update that is enqueued already keeps its time.
    """
    _enqueue_rows(
        session,
        _ENQUEUE_UPDATE,
        kind,
        targets,
        installation_id=installation_id,
        send_at=send_at or now,
        now=now,
        priority=UPDATE,
    )


def _enqueue_rows(
    session: Session,
    statement: Callable[[Session], Any],
    kind: MessageKind,
    targets: Iterable[tuple[int, str]],
    **common: Any,
) -> None:
    # Sorted, so that all transactions lock the rows in the same order.
    rows = [
        _row(session, kind, subject_id, recipient, **common)
        for subject_id, recipient in sorted(targets)
        if is_reachable(recipient)
    ]
    if rows:
        session.execute(statement(session), rows)


def enqueue_update(
    session: Session,
    kind: MessageKind,
    subject_id: int,
    recipient: str,
    *,
    installation_id: int,
    now: datetime,
) -> None:
    """Enqueue an update of a message; updates that are not yet sent are merged."""
    if not is_reachable(recipient):
        return
    session.execute(
        _ENQUEUE_UPDATE(session),
        _row(
            session,
            kind,
            subject_id,
            recipient,
            installation_id=installation_id,
            send_at=now,
            now=now,
            priority=UPDATE,
        ),
    )


def _row(
    session: Session,
    kind: MessageKind,
    subject_id: int,
    recipient: str,
    *,
    installation_id: int,
    send_at: datetime,
    now: datetime,
    priority: int,
    payload: dict[str, Any] | None = None,
    occurrence: str = "",
) -> dict[str, Any]:
    if send_at <= now:
        wake_worker(session, installation_id)
    key = dedup_key(kind, subject_id, recipient, occurrence)
    cause: Cause | None = session.info.get(_CAUSE)
    is_unconfirmed = cause is not None and kind in cause.verified_kinds
    return {
        "installation_id": installation_id,
        "kind": kind,
        "dedup_key": key,
        "subject_id": subject_id,
        "recipient": recipient,
        "payload": payload or {},
        "priority": priority,
        "due_at": send_at,
        "due_set_at": now,
        "state": "unconfirmed" if is_unconfirmed else "pending",
        "metadata_token": cause.derive_token(key) if cause else uuid4().hex,
        "first_sent_at": cause.first_sent_at if cause and is_unconfirmed else None,
        "created_at": now,
    }


def send_wanted(session: Session, item_id: int, *, now: datetime) -> None:
    """Make a waiting item due now, because its recipient wants it."""
    item = session.get_one(
        OutboxItem, item_id, populate_existing=True, with_for_update=True
    )
    if item.state != "pending":
        return
    item.payload = {**item.payload, WANTED: True}
    item.due_at = item.due_set_at = now
    wake_worker(session, item.installation_id)


# If a mark is undone within this time, nobody is notified of it.
NOTIFICATION_DELAY = timedelta(seconds=60)
