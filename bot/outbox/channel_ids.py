"""Move messages to the new Slack id of their channel."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.db.statements import table
from models import OutboxItem

_items = table(OutboxItem)


def move_channel(session: Session, installation_id: int, old: str, new: str) -> None:
    """Move items to a channel's new Slack id, sent ones included.

    An item whose key exists at the new id already does not move; if it was not sent
    yet, it is deleted.
    """
    where = _items.c.installation_id == installation_id
    keys_at_new_id = set(
        session.scalars(
            select(_items.c.dedup_key).where(where, _items.c.recipient == new)
        )
    )
    moving = session.execute(
        select(_items.c.id, _items.c.dedup_key)
        .where(where, _items.c.recipient == old)
        .order_by(_items.c.id)
        .with_for_update()
    ).all()
    for item, key in moving:
        new_key = ":".join(new if part == old else part for part in key.split(":"))
        if new_key not in keys_at_new_id:
            session.execute(
                update(_items)
                .where(_items.c.id == item)
                .values(recipient=new, dedup_key=new_key)
            )
    session.execute(
        update(_items)
        .where(where, _items.c.slack_channel == old)
        .values(slack_channel=new)
    )
    session.execute(
        delete(_items).where(
            where,
            _items.c.recipient == old,
            _items.c.state.in_(("pending", "unconfirmed")),
        )
    )
