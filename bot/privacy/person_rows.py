"""Export, erase and count the rows that name a member, in any table."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Table,
    and_,
    delete,
    false,
    func,
    or_,
    select,
    update,
)

from bot.db.statements import table
from bot.personal_data import Erasure, TablePolicy, lists_member, mentions_member
from bot.runtime import Transaction
from bot.slack.text import SOMEONE

Row = dict[str, Any]


def in_workspace(rows: Table, installation_id: int) -> ColumnElement[bool]:
    """Return the condition that a row belongs to the workspace, by its foreign keys."""
    if "installation_id" in rows.c:
        return rows.c.installation_id == installation_id
    # Keys that are never null come first.
    keys = sorted(
        rows.foreign_keys, key=lambda key: (key.parent.nullable, key.parent.name)
    )
    for key in keys:
        parent = key.column.table
        if parent is not rows:
            return key.parent.in_(
                select(key.column).where(in_workspace(parent, installation_id))
            )
    raise TypeError(f"{rows.name} belongs to no workspace")


def rows_for_member(
    tx: Transaction,
    policy: TablePolicy,
    member: str,
    *,
    hidden_channels: Collection[int] = (),
) -> Iterator[Row]:
    """Yield a member's data in the table: their rows, and their part in others' rows.

    A row that only mentions the member yields the mention, without channel or subject.
    `hidden_channels` are the row ids of private channels that the member may not see.
    From there they get their own texts and actions, and nothing that others added.
    """
    if not policy.has_personal_data:
        return
    rows = _table_of(policy)
    result = tx.session.execute(
        select(rows)
        .where(in_workspace(rows, tx.workspace.id), _names_member(policy, member))
        .order_by(*rows.primary_key)
    ).mappings()
    for row in result:
        part = _relation(policy, row, member)
        if any(row[key] in hidden_channels for key in _channel_columns(rows)):
            part = "hidden" if part in {"owner", "reader"} else part
        yield {
            column: _to_json(value)
            for column, value in row.items()
            if _is_visible(policy, row, column, member, part)
        } | ({} if part in {"owner", "reader"} else _own_mentions(policy, row, member))


# A row's relation to a member. owner: it is theirs. reader: it is addressed to them.
# named: they acted on it, or it names them. hidden: it is theirs, in a channel that
# they may no longer see. mentioned: its text mentions them.
Relation = Literal["owner", "reader", "named", "hidden", "mentioned"]


def _relation(policy: TablePolicy, row: RowMapping, member: str) -> Relation:
    if any(row[column] == member for column in policy.owner_columns):
        return "owner"
    if any(member in (row[column] or ()) for column in policy.reader_columns):
        return "reader"
    is_named = any(row[column] == member for column in policy.mentioned_columns)
    is_named |= any(
        f'"{member}"' in json.dumps(row[column]) for column in policy.people_lists
    )
    return "named" if is_named else "mentioned"


def _channel_columns(rows: Table) -> list[str]:
    """Return the names of the foreign keys to channels."""
    return [
        key.parent.name
        for key in rows.foreign_keys
        if key.column.table.name == "channels"
    ]


def _is_visible(
    policy: TablePolicy, row: RowMapping, column: str, member: str, relation: Relation
) -> bool:
    rows = _table_of(policy)
    if relation in {"owner", "reader"} or column in rows.primary_key:
        return relation in {"owner", "reader"} or column not in policy.person_columns
    if column in policy.person_columns:
        return bool(row[column] == member)
    if column in policy.text_columns:
        return bool(row[policy.text_columns[column]] == member)
    # A key can contain the id of another person whom the row is about.
    if (
        relation == "mentioned"
        or column in policy.people_lists
        or column in policy.key_columns
    ):
        return False
    # Even a column without names and texts, such as topics, can tell what others wrote
    # about.
    return column not in {*policy.non_personal, *policy.owners_alone} and not (
        relation == "hidden" and column in _channel_columns(rows)
    )


def _own_mentions(policy: TablePolicy, row: RowMapping, member: str) -> Row:
    """Return a member's entry in lists of people, and the columns that mention them.

    Text that others wrote about them is left out.
    """
    lists = {column: row[column] for column in policy.people_lists}
    entries = {
        column: [member]
        for column, people in lists.items()
        if isinstance(people, list) and member in people
    }
    mentioned_in = [
        column
        for column in policy.text_columns
        if f"<@{member}" in str(row[column] or "")
    ]
    return entries | ({"mentioned_in": mentioned_in} if mentioned_in else {})


def _to_json(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def names_member(tx: Transaction, policy: TablePolicy, member: str) -> bool:
    if not policy.has_personal_data:
        return False
    rows = _table_of(policy)
    query = select(rows.c[rows.primary_key.columns[0].name]).where(
        in_workspace(rows, tx.workspace.id), _names_member(policy, member)
    )
    return tx.session.execute(query.limit(1)).first() is not None


def count_own_rows(tx: Transaction, policy: TablePolicy, member: str) -> int:
    """Count the rows that belong to the member."""
    rows = _table_of(policy)
    is_owner = or_(
        false(), *(rows.c[column] == member for column in policy.owner_columns)
    )
    query = select(func.count()).where(in_workspace(rows, tx.workspace.id), is_owner)
    return tx.session.scalar(query.select_from(rows)) or 0


def erase_member(tx: Transaction, policy: TablePolicy, erasure: Erasure) -> None:
    """Erase the member from the table; rows that count for others keep a pseudonym."""
    if policy.on_erasure == "tombstone" or not policy.has_personal_data:
        return
    rows = _table_of(policy)
    in_scope = in_workspace(rows, tx.workspace.id)
    if policy.on_erasure == "delete":
        is_owner = or_(
            false(), *(rows.c[c] == erasure.member for c in policy.owner_columns)
        )
        tx.session.execute(delete(rows).where(in_scope, is_owner))
    for column, author in policy.text_columns.items():
        empty = None if rows.c[column].nullable else ""
        is_author = rows.c[author] == erasure.member
        tx.session.execute(
            update(rows)
            .where(in_scope, is_author, rows.c[column].is_not(None))
            .values({column: policy.placeholders.get(column, empty)})
        )
        _remove_mentions(tx, rows, column, in_scope, erasure)
    for column in policy.person_columns:
        tx.session.execute(
            update(rows)
            .where(in_scope, rows.c[column] == erasure.member)
            .values({column: erasure.pseudonym})
        )
    for column in policy.people_lists:
        mentions = lists_member(rows.c[column], erasure.member)
        _replace_member(tx, rows, column, and_(in_scope, mentions), erasure)
    for column in policy.key_columns:
        mentions = rows.c[column].contains(erasure.member, autoescape=True)
        _replace_member(tx, rows, column, and_(in_scope, mentions), erasure)


def _names_member(policy: TablePolicy, member: str) -> ColumnElement[bool]:
    rows = _table_of(policy)
    return or_(
        false(),
        *(rows.c[column] == member for column in policy.person_columns),
        *(lists_member(rows.c[column], member) for column in policy.people_lists),
        # Mentions in others' texts.
        *(mentions_member(rows.c[column], member) for column in policy.text_columns),
    )


def _remove_mentions(
    tx: Transaction,
    rows: Table,
    column: str,
    in_scope: ColumnElement[bool],
    erasure: Erasure,
) -> None:
    """Replace mentions of the member in others' texts by SOMEONE."""
    token = re.compile(rf"<@{re.escape(erasure.member)}(\|[^<>]*)?>")
    query = select(*rows.primary_key, rows.c[column]).where(
        in_scope, mentions_member(rows.c[column], erasure.member)
    )
    for *key, text in tx.session.execute(query).all():
        tx.session.execute(
            update(rows)
            .where(_has_key(rows, key))
            .values({column: token.sub(SOMEONE, text)})
        )


def _replace_member(
    tx: Transaction,
    rows: Table,
    column: str,
    where: ColumnElement[bool],
    erasure: Erasure,
) -> None:
    query = select(*rows.primary_key, rows.c[column]).where(where)
    for *key, value in tx.session.execute(query).all():
        tx.session.execute(
            update(rows)
            .where(_has_key(rows, key))
            .values({column: replace_member(value, erasure.member, erasure.pseudonym)})
        )


def _has_key(rows: Table, key: Sequence[Any]) -> ColumnElement[bool]:
    pairs = zip(rows.primary_key, key, strict=True)
    return and_(*(column == value for column, value in pairs))


def replace_member(value: Any, member: str, pseudonym: str) -> Any:
    """Return a key or a JSON value with each id of the member replaced."""
    match value:
        case dict():
            return {
                replace_member(name, member, pseudonym): replace_member(
                    inner, member, pseudonym
                )
                for name, inner in value.items()
            }
        case list():
            return [replace_member(inner, member, pseudonym) for inner in value]
        case str():
            parts = value.split(":")
            return ":".join(pseudonym if p == member else p for p in parts)
        case _:
            return value


def _table_of(policy: TablePolicy) -> Table:
    return table(policy.model)
