"""One query for all that we know about the messages that a batch of events concerns."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from bot.db.statements import dialect_name, table
from models import Base, Channel

# Slack's id of the channel, and the message's `ts`.
MessageKey = tuple[str, str]

_channels = table(Channel)


@dataclass(frozen=True, slots=True)
class TrackedTable:
    """A table whose rows are messages in Slack, found by `channel_id` and `ts`.

    `parent` is the column with the id of the parent row, `author` the column with the
    member who wrote the message or had it posted; None without such a column.
    """

    name: str
    model: type[Base]
    parent: str | None = None
    author: str | None = None


def fetch_rows(
    session: Session | Connection,
    installation_id: int,
    keys: Iterable[MessageKey],
    tables: tuple[TrackedTable, ...],
    channel_columns: tuple[str, ...],
) -> Sequence[Sequence[Any]]:
    """Return a row for each tracked message, and for one message of each known channel.

    It begins with the channel's id in Slack, the message's `ts`, the channel's id and
    the given columns of the channel. Most messages are not tracked: only their
    channel's columns are needed, and those once for each channel.
    """
    timestamps_by_channel: dict[str, list[str]] = {}
    for channel, ts in keys:
        timestamps_by_channel.setdefault(channel, []).append(ts)
    dialect = dialect_name(session)
    json_keys = json.dumps(
        timestamps_by_channel
        if dialect == "sqlite"
        else _to_json_rows(timestamps_by_channel)
    )
    return session.execute(
        _statement(dialect, tables, channel_columns),
        {"installation_id": installation_id, "message_keys": json_keys},
    ).all()


def _select_rows(
    message_keys: FromClause,
    channel: Any,
    ts: Any,
    is_first_of_channel: ColumnElement[bool],
    tables: tuple[TrackedTable, ...],
    *,
    channel_columns: tuple[str, ...],
) -> Select[Any]:
    """Select the channel's columns, and the id, parent and author in each table."""
    joined = [(tracked, table(tracked.model)) for tracked in tables]
    statement = select(
        channel,
        ts,
        _channels.c.id,
        *(_channels.c[name] for name in channel_columns),
        *(
            rows.c[name] if name else null().label(f"{tracked.name}_{number}")
            for tracked, rows in joined
            for number, name in enumerate(("id", tracked.parent, tracked.author))
        ),
    ).join_from(
        message_keys,
        _channels,
        and_(
            _channels.c.installation_id == bindparam("installation_id"),
            _channels.c.slack_id == channel,
        ),
    )
    for _, rows in joined:
        statement = statement.outerjoin(
            rows, and_(rows.c.channel_id == _channels.c.id, rows.c.ts == ts)
        )
    is_known = or_(false(), *(rows.c.id.is_not(None) for _, rows in joined))
    return statement.where(or_(is_first_of_channel, is_known))


def _sqlite_statement(
    tables: tuple[TrackedTable, ...], channel_columns: tuple[str, ...]
) -> Select[Any]:
    """Build the statement for a JSON object: a list of `ts` for each channel."""
    channels = func.json_each(bindparam("message_keys", type_=Text)).table_valued(
        "key", "value", name="message_keys"
    )
    messages = func.json_each(channels.c.value).table_valued(
        "key", "value", name="message"
    )
    return _select_rows(
        channels.join(messages, true()),
        channels.c.key,
        messages.c.value,
        messages.c.key == 0,
        tables,
        channel_columns=channel_columns,
    )


def _postgresql_statement(
    tables: tuple[TrackedTable, ...], channel_columns: tuple[str, ...]
) -> Select[Any]:
    """Build the statement for a JSON list of (channel, `ts`, is first of channel).

    For nested lists, PostgreSQL's planner would expect ten thousand messages.
    """
    message_keys = func.json_array_elements(
        cast(bindparam("message_keys", type_=Text), JSON)
    ).table_valued("value", name="message_keys")
    part = message_keys.c.value.op("->>")
    return _select_rows(
        message_keys,
        part(0),
        part(1),
        cast(part(2), Boolean),
        tables,
        channel_columns=channel_columns,
    )


def _to_json_rows(
    timestamps_by_channel: Mapping[str, Sequence[str]],
) -> list[tuple[str, str, bool]]:
    return [
        (channel, ts, number == 0)
        for channel, timestamps in timestamps_by_channel.items()
        for number, ts in enumerate(timestamps)
    ]


@cache
def _statement(
    dialect: str, tables: tuple[TrackedTable, ...], channel_columns: tuple[str, ...]
) -> Select[Any]:
    build = _sqlite_statement if dialect == "sqlite" else _postgresql_statement
    return build(tables, channel_columns)
