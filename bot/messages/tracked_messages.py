"""The Slack messages that we track, and the locks of their channels."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from bot.db.statements import table
from bot.messages import lookup
from bot.messages.lookup import MessageKey, TrackedTable
from bot.workspace import reaction_emoji
from models import Channel

_channels = table(Channel)


_LOCK_CHANNELS = (
    select(_channels.c.id)
    .where(_channels.c.id.in_(bindparam("channel_ids", expanding=True)))
    .order_by(_channels.c.id)
    .with_for_update(key_share=True)
)


class TrackedRow(NamedTuple):
    """The row of a message in one of the tables whose rows are messages."""

    id: int
    # The row that it belongs to, as an answer to an ask.
    parent_id: int | None
    # Who wrote the message, or had it posted.
    author: str | None


@dataclass(frozen=True, slots=True)
class TrackedMessage:
    """A message in a channel that we know, and what is stored about it."""

    channel_id: int
    slack_channel: str
    is_capturing: bool
    helpful_emoji: tuple[str, ...]
    solved_emoji: tuple[str, ...]
    # On a kudos message; on a person's.
    join_emoji: tuple[str, ...]
    kudos_emoji: tuple[str, ...]
    # By the name of the `TrackedTable`; most messages have none.
    rows: Mapping[str, TrackedRow]

    @property
    def author(self) -> str | None:
        """The message's author, or its requester if the bot posted it, or None."""
        authors = (row.author for row in self.rows.values())
        return next(filter(None, authors), None)


def find_all(
    session: Session | Connection,
    installation_id: int,
    keys: Iterable[MessageKey],
    tables: tuple[TrackedTable, ...],
) -> dict[MessageKey, TrackedMessage]:
    """Find what is stored about messages; nothing of those in unknown channels."""
    messages: dict[MessageKey, TrackedMessage] = {}
    unknown: dict[str, TrackedMessage] = {}
    wanted = set(keys)
    for channel, ts, *row in lookup.fetch_rows(
        session, installation_id, wanted, tables
    ):
        message = messages[channel, ts] = _from_row(row, channel, tables)
        if channel not in unknown:
            # The same channel, with a message of which nothing is known.
            unknown[channel] = (
                replace(message, rows=_NO_ROWS) if message.rows else message
            )
    for key in wanted - messages.keys():
        channel = key[0]
        if channel in unknown:
            messages[key] = unknown[channel]
    return messages


def find(
    session: Session | Connection,
    installation_id: int,
    slack_channel: str,
    ts: str,
    tables: tuple[TrackedTable, ...],
) -> TrackedMessage | None:
    """Find what is stored about a message; None in an unknown channel."""
    key = (slack_channel, ts)
    return find_all(session, installation_id, [key], tables).get(key)


_NO_ROWS: Mapping[str, TrackedRow] = {}


def _from_row(
    row: Sequence[Any], slack_channel: str, tables: tuple[TrackedTable, ...]
) -> TrackedMessage:
    channel_id, capture, helpful, solved, second, kudos, *of_tables = row
    rows = {
        table.name: TrackedRow(*of_tables[3 * number : 3 * number + 3])
        for number, table in enumerate(tables)
        if of_tables[3 * number] is not None
    }
    return TrackedMessage(
        channel_id=channel_id,
        slack_channel=slack_channel,
        is_capturing=capture != "off",
        helpful_emoji=reaction_emoji.DEFAULT_HELPFUL
        if helpful is None
        else tuple(helpful),
        solved_emoji=reaction_emoji.DEFAULT_SOLVED if solved is None else tuple(solved),
        join_emoji=reaction_emoji.DEFAULT_JOIN if second is None else tuple(second),
        kudos_emoji=tuple(kudos or ()),
        rows=rows,
    )


def lock_channel(session: Session, channel_id: int) -> None:
    """Let one transaction at a time decide what belongs to an ask in the channel.

    A reply or a reaction looks for its ask, an ask for its replies and reactions:
    two that look at once would miss each other. To be called before looking.
    """
    lock_channels(session, [channel_id])


def lock_channels(session: Session, channel_ids: Collection[int]) -> None:
    if channel_ids:
        session.execute(_LOCK_CHANNELS, {"channel_ids": list(channel_ids)})


# A reply that reaches us later than this may have been reacted to before.
SYNC_THREAD_IF_OLDER_THAN = timedelta(seconds=1)
