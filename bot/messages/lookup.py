"""One question to the database: what is known of the messages that events are about."""

import json
from collections.abc import Iterable, Mapping, Sequence
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
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from bot.db.statements import dialect_name, table
from models import Answer, Ask, Channel, Round

# A message as Slack names it: its channel, and its ts there.
MessageKey = tuple[str, str]

_channels, _asks = table(Channel), table(Ask)
_answers, _rounds = table(Answer), table(Round)


def fetch_rows(
    session: Session | Connection, installation_id: int, keys: Iterable[MessageKey]
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
        _STATEMENTS[kind], {"installation_id": installation_id, "wanted": asked}
    ).all()


def _select_rows(
    wanted: FromClause, channel: Any, ts: Any, is_first_of_channel: ColumnElement[bool]
) -> Select[Any]:
    is_known = or_(
        _asks.c.id.is_not(None), _answers.c.id.is_not(None), _rounds.c.id.is_not(None)
    )
    return (
        select(
            channel,
            ts,
            _channels.c.id,
            _channels.c.capture,
            _channels.c.helpful_emoji,
            _channels.c.solved_emoji,
            _channels.c.second_emoji,
            _channels.c.kudos_emoji,
            _asks.c.id,
            _asks.c.asker,
            _answers.c.id,
            _answers.c.ask_id,
            _answers.c.author,
            _rounds.c.id,
        )
        .join_from(
            wanted,
            _channels,
            and_(
                _channels.c.installation_id == bindparam("installation_id"),
                _channels.c.slack_id == channel,
            ),
        )
        .outerjoin(_asks, and_(_asks.c.channel_id == _channels.c.id, _asks.c.ts == ts))
        .outerjoin(
            _answers,
            and_(_answers.c.channel_id == _channels.c.id, _answers.c.ts == ts),
        )
        .outerjoin(
            _rounds, and_(_rounds.c.channel_id == _channels.c.id, _rounds.c.ts == ts)
        )
        .where(or_(is_first_of_channel, is_known))
    )


def _sqlite_statement() -> Select[Any]:
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
    )


def _postgresql_statement() -> Select[Any]:
    """Asked with a JSON list of (channel, `ts`, whether it is the channel's first).

    Of lists within a list PostgreSQL would expect ten thousand messages.
    """
    wanted = func.json_array_elements(
        cast(bindparam("wanted", type_=Text), JSON)
    ).table_valued("value", name="wanted")
    part = wanted.c.value.op("->>")
    return _select_rows(wanted, part(0), part(1), cast(part(2), Boolean))


def _to_json_rows(wanted: Mapping[str, Sequence[str]]) -> list[tuple[str, str, bool]]:
    return [
        (channel, ts, number == 0)
        for channel, of_it in wanted.items()
        for number, ts in enumerate(of_it)
    ]


_STATEMENTS = {"sqlite": _sqlite_statement(), "postgresql": _postgresql_statement()}
