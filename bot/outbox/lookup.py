"""Look up a message's state in the outbox by its dedup key."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import OutboxItem


def find_sent(
    session: Session, installation_id: int, key: str
) -> tuple[str, str] | None:
    """Return the Slack channel and `ts` of a sent message; None if it was not sent."""
    row = session.execute(
        select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
            installation_id=installation_id, dedup_key=key, state="sent"
        )
    ).first()
    return (row[0], row[1]) if row and row[0] and row[1] else None


def find_state(
    session: Session, installation_id: int, key: str, *, for_update: bool = False
) -> str | None:
    """Return the state of a message; None if it was never enqueued.

    `for_update` keeps the worker from claiming it before the transaction ends.
    """
    query = select(OutboxItem.state).filter_by(
        installation_id=installation_id, dedup_key=key
    )
    return session.scalar(query.with_for_update() if for_update else query)


def waiting(
    session: Session, installation_id: int, recipients: Collection[str]
) -> Sequence[OutboxItem]:
    """Return the messages to some recipients that have not been sent yet."""
    return session.scalars(
        select(OutboxItem)
        .where(
            OutboxItem.installation_id == installation_id,
            OutboxItem.recipient.in_(recipients),
            OutboxItem.state == "pending",
        )
        .order_by(OutboxItem.id)
    ).all()
