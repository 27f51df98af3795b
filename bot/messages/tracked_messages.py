"""The Slack messages that we track, and the locks of their channels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from bot.db.statements import lock_rows
from bot.messages import lookup
from bot.messages.lookup import MessageKey, TrackedTable
from models import Channel


class TrackedRow(NamedTuple):
    """A message's row in one of the tracked tables."""

    id: int
    # The id of the parent row, such as an answer's ask.
    parent_id: int | None
    # The member who wrote the message, or had it posted.
    author: str | None


@dataclass(frozen=True, slots=True)
class TrackedMessage:
    """A message in a known channel: columns of the channel, and the message's rows.

    Messages without rows are included: a feature may be about to store one.
    """

    channel_id: int
    slack_channel: str
    # The channel's columns that features have asked for (`Feature.channel_columns`).
    channel_columns: Mapping[str, Any]
    # By the name of the `TrackedTable`; empty for most messages.
    rows: Mapping[str, TrackedRow]

    @property
    def author(self) -> str | None:
        """The message's author, or the requester of the bot's message; else None."""
        for row in self.rows.values():
            if row.author:
                return row.author
        return None


def find_all(
    session: Session | Connection,
    installation_id: int,
    keys: Iterable[MessageKey],
    tables: tuple[TrackedTable, ...],
    *,
    channel_columns: tuple[str, ...] = (),
) -> dict[MessageKey, TrackedMessage]:
    """Return the messages in known channels by their keys, with what is stored."""
    messages: dict[MessageKey, TrackedMessage] = {}
    untracked: dict[str, TrackedMessage] = {}
    unique_keys = set(keys)
    for channel, ts, *row in lookup.fetch_rows(
        session, installation_id, unique_keys, tables, channel_columns
    ):
        message = _from_row(row, channel, tables, channel_columns)
        messages[channel, ts] = message
        if channel not in untracked:
            # Untracked messages of the channel share this object.
            untracked[channel] = (
                replace(message, rows=_NO_ROWS) if message.rows else message
            )
    for key in unique_keys - messages.keys():
        channel = key[0]
        if channel in untracked:
            messages[key] = untracked[channel]
    return messages


def find(
    session: Session | Connection,
    installation_id: int,
    slack_channel: str,
    ts: str,
    tables: tuple[TrackedTable, ...],
    *,
    channel_columns: tuple[str, ...] = (),
) -> TrackedMessage | None:
    """Return what is stored about a message; None in an unknown channel."""
    key = (slack_channel, ts)
    return find_all(
        session, installation_id, [key], tables, channel_columns=channel_columns
    ).get(key)


_NO_ROWS: Mapping[str, TrackedRow] = {}


def _from_row(
    row: Sequence[Any],
    slack_channel: str,
    tables: tuple[TrackedTable, ...],
    channel_columns: tuple[str, ...],
) -> TrackedMessage:
    channel_id, *columns = row
    values = columns[: len(channel_columns)]
    columns = columns[len(channel_columns) :]
    rows = {
        tracked.name: TrackedRow(*columns[3 * number : 3 * number + 3])
        for number, tracked in enumerate(tables)
        if columns[3 * number] is not None
    }
    return TrackedMessage(
        channel_id=channel_id,
        slack_channel=slack_channel,
        channel_columns=dict(zip(channel_columns, values, strict=True)),
        rows=rows,
    )


def lock_channel(session: Session, channel_id: int) -> None:
    """Lock the channel while a transaction decides what belongs to an ask in it.

    A reply or reaction looks for its ask; a new ask looks for its replies and
    reactions. Without the lock, two concurrent transactions would miss each other. Call
    it before the lookup.
    """
    lock_rows(session, Channel, [channel_id])


# If a reply reaches us later than this, a reaction to it may have come before it.
SYNC_THREAD_IF_OLDER_THAN = timedelta(seconds=1)
