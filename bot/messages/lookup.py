"""One question to the database: what is known of the messages that events are about."""

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

# A message as Slack names it: its channel, and its ts there.
MessageKey = tuple[str, str]

_channels = table(Channel)


@dataclass(frozen=True, slots=True)
class TrackedTable:
    """A table whose rows are messages in Slack, found by `channel_id` and `ts`.

    `parent` and `author` are the columns of the row that a row belongs to, and of the
    member who wrote the message or had it posted; None where there is no such column.
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
) -> Sequence[Sequence[Any]]:
    """A row for each message that is known, and for the first in each known channel.

    Of most messages nothing is known, but what is true of their whole channel.
    """
    wanted: dict[str, list[str]] = {}
    for channel, ts in keys:
        wanted.setdefault(channel, []).append(ts)
    kind = dialect_name(session)
    asked = json.dumps(wanted if kind == "sqlite" else _to_json_rows(wanted))
    return session.execute(
        _statement(kind, tables), {"installation_id": installation_id, "wanted": asked}
    ).all()


def _select_rows(
    wanted: FromClause,
    channel: Any,
    ts: Any,
    is_first_of_channel: ColumnElement[bool],
    tables: tuple[TrackedTable, ...],
) -> Select[Any]:
    """Select the channel's columns, and the id, parent and author in each table."""
    joined = [(tracked, table(tracked.model)) for tracked in tables]
    statement = select(
        channel,
        ts,
        _channels.c.id,
        _channels.c.capture,
        _channels.c.helpful_emoji,
        _channels.c.solved_emoji,
        _channels.c.join_emoji,
        _channels.c.kudos_emoji,
        *(
            rows.c[name] if name else null().label(f"{tracked.name}_{number}")
            for tracked, rows in joined
            for number, name in enumerate(("id", tracked.parent, tracked.author))
        ),
    ).join_from(
        wanted,
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


def _sqlite_statement(tables: tuple[TrackedTable, ...]) -> Select[Any]:
    """Asked with a JSON object: for each channel a list of `ts`."""
    channels = func.json_each(bindparam("wanted", type_=Text)).table_valued(
        "key", "value", name="wanted"
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
    )


def _postgresql_statement(tables: tuple[TrackedTable, ...]) -> Select[Any]:
    """Asked with a JSON list of (channel, `ts`, whether it is the channel's first).

    Of lists within a list PostgreSQL would expect ten thousand messages.
    """
    wanted = func.json_array_elements(
        cast(bindparam("wanted", type_=Text), JSON)
    ).table_valued("value", name="wanted")
    part = wanted.c.value.op("->>")
    return _select_rows(wanted, part(0), part(1), cast(part(2), Boolean), tables)


def _to_json_rows(wanted: Mapping[str, Sequence[str]]) -> list[tuple[str, str, bool]]:
    return [
        (channel, ts, number == 0)
        for channel, of_it in wanted.items()
        for number, ts in enumerate(of_it)
    ]


@cache
def _statement(kind: str, tables: tuple[TrackedTable, ...]) -> Select[Any]:
    """Built once for the tables of a process."""
    build = _sqlite_statement if kind == "sqlite" else _postgresql_statement
    return build(tables)
