"""Make updates due again that changed nothing in Slack when they had their turn."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BindParameter, and_, bindparam, or_, update
from sqlalchemy.orm import Session

from bot.db.statements import table
from bot.outbox.enqueue import dedup_key, due_again, wake_worker
from bot.outbox.kind import MessageKind
from bot.slack.text import is_reachable
from models import OutboxItem
from models.base import UtcDateTime

_items = table(OutboxItem)
# Slack's errors while the bot is out of a channel, or the channel is archived.
_ABSENT = ("channel_not_found", "is_archived", "not_in_channel")
_AT: BindParameter[datetime] = bindparam("at", type_=UtcDateTime)
_REPEAT = (
    update(_items)
    .where(
        _items.c.installation_id == bindparam("of_installation"),
        _items.c.dedup_key == bindparam("key"),
    )
    .values(due_again(_AT, _AT))
    .returning(_items.c.id)
)


def repeat(
    session: Session,
    kind: MessageKind,
    subject_id: int,
    recipient: str,
    *,
    installation_id: int,
    now: datetime,
) -> None:
    """Make an update due again, if it was enqueued before its message's `ts` was known.

    It was cancelled then, because there was no message yet.
    """
    if not is_reachable(recipient):
        return
    key = dedup_key(kind, subject_id, recipient)
    parameters = {"of_installation": installation_id, "key": key, "at": now}
    if session.execute(_REPEAT, parameters).first() is not None:
        wake_worker(session, installation_id)


def repeat_refused(
    session: Session,
    kinds: Collection[MessageKind],
    channel: str,
    *,
    installation_id: int,
    now: datetime,
) -> None:
    """Make updates of these kinds due again that Slack refused in a channel.

    Call it when the bot can write there again. Slack may just be refusing one that is
    being sent, so that is sent once more.
    """
    was_refused = and_(_items.c.state == "rejected", _items.c.error.in_(_ABSENT))
    repeated = session.execute(
        update(_items)
        .where(
            _items.c.installation_id == installation_id,
            _items.c.recipient == channel,
            _items.c.kind.in_(kinds),
            or_(_items.c.state == "sending", was_refused),
        )
        .values(due_again(now, now))
        .returning(_items.c.id)
    )
    if repeated.first() is not None:
        wake_worker(session, installation_id)
