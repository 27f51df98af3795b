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

# Changes within this time are shown together, in one view.
REFRESH_DELAY = timedelta(seconds=2)

# Key in `session.info`: the Home tabs to publish, and when, by installation.
_SESSION_KEY = "homes.changed"


@dataclass(slots=True)
class _PendingRefresh:
    now: datetime
    send_at: datetime
    members: set[str] = field(default_factory=set)


_homes = table(Home)
_OWNERS = select(_homes.c.member).where(
    _homes.c.installation_id == bindparam("installation_id"),
    _homes.c.member.in_(bindparam("members", expanding=True)),
)


def refresh_homes(
    tx: "Transaction", members: Collection[str], *, delay: timedelta = REFRESH_DELAY
) -> None:
    """Publish the members' Home tabs again after `delay`, if they opened them before.

    A Home tab that is enqueued already keeps its time.
    """
    by_installation = tx.session.info.setdefault(_SESSION_KEY, {})
    refresh = by_installation.setdefault(
        tx.workspace.id, _PendingRefresh(tx.now, tx.now + delay)
    )
    refresh.send_at = min(refresh.send_at, tx.now + delay)
    refresh.members.update(members)


# Runs last in each transaction and sorts the rows. Otherwise two transactions that
# concern the same people could each wait for outbox rows that the other has locked.
@event.listens_for(Session, "before_commit")
def _enqueue_refreshes(session: Session) -> None:
    for installation_id, refresh in sorted(session.info.pop(_SESSION_KEY, {}).items()):
        owners = session.scalars(
            _OWNERS,
            {"installation_id": installation_id, "members": list(refresh.members)},
        )
        enqueue.enqueue_updates(
            session,
            HOME_PUBLISH,
            [(0, owner) for owner in owners],
            installation_id=installation_id,
            now=refresh.now,
            send_at=refresh.send_at,
        )
