"""Publish an opened Home tab again when something in it changes."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, event, select
from sqlalchemy.orm import Session

from bot.db.statements import table
from bot.outbox import enqueue
from bot.outbox.kind import MessageKind
from models import Home

if TYPE_CHECKING:
    from bot.runtime import Transaction

HOME_PUBLISH = MessageKind("home.publish")

# What changes within this time is shown at once: one view, however many changes.
REFRESH_DELAY = timedelta(seconds=2)

# On a session: whose Home tabs are to be drawn again, and when, by installation.
_SESSION_KEY = "homes.changed"


@dataclass(slots=True)
class _PendingRefresh:
    now: datetime
    due: datetime
    members: set[str] = field(default_factory=set)


_homes = table(Home)
_OWNERS = select(_homes.c.member).where(
    _homes.c.installation_id == bindparam("installation_id"),
    _homes.c.member.in_(bindparam("members", expanding=True)),
)


def refresh_homes(
    tx: "Transaction", members: Collection[str], *, delay: timedelta = REFRESH_DELAY
) -> None:
    """Publish the Home tabs of those of the members who have opened theirs, once.

    `delay` is the time until then. What is enqueued already comes no later for it.
    """
    everything = tx.session.info.setdefault(_SESSION_KEY, {})
    changed = everything.setdefault(
        tx.workspace.id, _PendingRefresh(tx.now, tx.now + delay)
    )
    changed.due = min(changed.due, tx.now + delay)
    changed.members.update(members)


# Last of all and in one order: two transactions that change things of the same people
# would otherwise wait for each other's promises.
@event.listens_for(Session, "before_commit")
def _enqueue_refreshes(session: Session) -> None:
    for installation_id, changed in sorted(session.info.pop(_SESSION_KEY, {}).items()):
        owners = session.scalars(
            _OWNERS,
            {"installation_id": installation_id, "members": list(changed.members)},
        )
        enqueue.enqueue_updates(
            session,
            HOME_PUBLISH,
            [(0, owner) for owner in owners],
            installation_id=installation_id,
            now=changed.now,
            due=changed.due,
        )
