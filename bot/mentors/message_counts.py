"""Message counts: stored per member, channel and day, and deleted after a year."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.db.statements import prepare_insert, table
from bot.mentors.message_counter import DayKey
from bot.runtime import Transaction
from bot.workspace import channels
from models import Channel, Member, MessageCount

# The longest window that can be configured.
RETENTION = timedelta(days=367)
_BATCH_SIZE = 500

_counts = table(MessageCount)
_KEY = ["channel_id", "day", "member"]

_ADD = prepare_insert(
    MessageCount,
    lambda insert: insert.on_conflict_do_update(
        index_elements=_KEY,
        set_={"messages": _counts.c.messages + insert.excluded.messages},
    ),
)
_RAISE = prepare_insert(
    MessageCount,
    lambda insert: insert.on_conflict_do_update(
        index_elements=_KEY,
        set_={"messages": insert.excluded.messages},
        where=_counts.c.messages < insert.excluded.messages,
    ),
)


def add(tx: Transaction, counts: Mapping[DayKey, int]) -> None:
    """Add counts to the stored ones."""
    _write(tx, counts, _ADD)


def raise_to(tx: Transaction, counts: Mapping[DayKey, int]) -> None:
    """Raise stored counts to those of an export, where the export's are larger.

    The export may have been imported before, or the bot may have counted the same
    messages: of two counts, the larger is more complete.
    """
    _write(tx, counts, _RAISE)


def _write(
    tx: Transaction, counts: Mapping[DayKey, int], insert: Callable[[Session], Any]
) -> None:
    erased_days = _erased_days(tx, {member for _, _, member in counts})
    places = channels.places_among(tx, {channel for channel, _, _ in counts})
    counts = {
        (channel, day, member): messages
        for (channel, day, member), messages in counts.items()
        if channel not in places
        and (member not in erased_days or day > erased_days[member])
    }
    channel_ids = {
        slack_id: channels.get_or_create(tx, slack_id).id
        for slack_id in sorted({channel for channel, _, _ in counts})
    }
    # Sorted, so that two replicas lock the rows in the same order.
    rows = sorted(
        (channel_ids[channel], day, member, messages)
        for (channel, day, member), messages in counts.items()
    )
    for start in range(0, len(rows), _BATCH_SIZE):
        tx.session.execute(
            insert(tx.session),
            [
                {
                    "channel_id": channel_id,
                    "day": day,
                    "member": member,
                    "messages": messages,
                }
                for channel_id, day, member, messages in rows[
                    start : start + _BATCH_SIZE
                ]
            ],
        )


def _erased_days(tx: Transaction, people: Collection[str]) -> dict[str, date]:
    """Return the day (UTC) of each member's erasure; its messages don't count."""
    rows = tx.session.execute(
        select(Member.slack_id, Member.erased_before).where(
            Member.installation_id == tx.workspace.id,
            Member.erased_before.is_not(None),
        )
    )
    return {
        member: erased_before.date()
        for member, erased_before in rows
        if erased_before is not None and member in people
    }


def purge_expired(tx: Transaction) -> None:
    """Delete the workspace's counts that are older than RETENTION."""
    channel_ids = select(Channel.id).where(Channel.installation_id == tx.workspace.id)
    tx.session.execute(
        delete(MessageCount).where(
            MessageCount.day < (tx.now - RETENTION).date(),
            MessageCount.channel_id.in_(channel_ids),
        )
    )
