"""Every table has one row by a member and one that names them."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    Table,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from bot.features import FEATURES
from bot.mentors import message_counts
from bot.personal_data import TablePolicy
from bot.privacy import service as privacy
from bot.runtime import Runtime
from models import Base
from models.base import UtcDateTime

LEAVER, OTHER = "U0LEAVER", "U0OTHER"
NAME, SAID = "Leah Leaver", "What Leah once said"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

KEPT = {kept.model.__tablename__: kept for kept in FEATURES.personal_data}
TABLES = [
    table
    for table in Base.metadata.sorted_tables
    # The fixture's row is the only one.
    # Triggers write the order of changes.
    if table.name not in {"installations", "search_changes"}
]


Ids = dict[str, list[int]]


def fill(session: Session, installation_id: int) -> None:
    """Fill each table: the first row belongs to the member, the second names them."""
    ids: Ids = {"installations": [installation_id] * 2}
    for table in TABLES:
        # In these tables the workspace has one row about nobody.
        is_single = "id" not in table.c and not KEPT[table.name].has_personal_data
        for nth in (0,) if is_single else (0, 1):
            row = {
                column.name: value
                for column in table.columns
                for value in [_value(table, column, nth, ids)]
                if value is not None
            }
            first = table.primary_key.columns[0]
            made = session.scalar(insert(table).values(row).returning(first))
            ids.setdefault(table.name, []).append(made)


def _value(table: Table, column: Column[Any], nth: int, ids: Ids) -> Any:
    """Return a value, or None to use the column's default."""
    declared = _declared(KEPT[table.name], column.name, nth)
    if declared is not None:
        return declared
    if (table.name, column.name) == ("members", "name"):
        return "" if nth else NAME
    for key in column.foreign_keys:
        return None if column.nullable else ids[key.column.table.name][nth]
    if (
        column.name == "id"
        or column.default
        or (column.nullable and column.name != "ts")
    ):
        return None
    return _any(column, nth)


def _declared(kept: TablePolicy, column: str, nth: int) -> Any:
    """Return a name or a text if the table declares one for the column."""
    if column in kept.person_columns:
        return OTHER if nth and column in kept.owner_columns else LEAVER
    if column in kept.people_lists:
        return {"by": LEAVER} if column == "payload" else [LEAVER]
    if column in kept.key_columns:
        return f"{nth}:{OTHER if nth else LEAVER}:{LEAVER}"
    if column in kept.text_columns:
        is_mine = _declared(kept, kept.text_columns[column], nth) == LEAVER
        return SAID if is_mine else f"As <@{LEAVER}|leah> says"
    return None


def _any(column: Column[Any], nth: int) -> Any:
    """Return any value that the column accepts."""
    for constraint in column.table.constraints:
        if isinstance(constraint, CheckConstraint) and (
            allowed := re.match(rf"{column.name} IN \('(\w+)'", str(constraint.sqltext))
        ):
            return allowed[1]
    if isinstance(column.type, JSON):
        return []
    if isinstance(column.type, UtcDateTime):
        return NOW
    plain = {
        date: NOW.date(),
        time: time(9),
        bool: False,
        bytes: b"",
        int: nth,
        float: 0.0,
    }
    return plain.get(column.type.python_type, f"{nth}.{nth}")


def cells(session: Session) -> dict[str, str]:
    """Return each table's cells, as one text."""
    return {
        table.name: "\n".join(str(row) for row in session.execute(select(table)))
        for table in TABLES
    }


def counts(session: Session) -> dict[str, int]:
    return {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0
        for table in TABLES
    }


@pytest.fixture
def filled(rt: Runtime) -> Runtime:
    with rt.write_session.begin() as session:
        fill(session, rt.workspaces.only.id)
    return rt


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_no_row_in_any_table_leads_to_an_erased_member(filled: Runtime):
    with filled.read_session() as session:
        before, held = cells(session), counts(session)
    about = {
        kept.model.__tablename__
        for kept in FEATURES.personal_data
        if kept.has_personal_data
    }
    assert {name for name, text in before.items() if LEAVER in text} == about
    with filled.write(filled.workspaces.only) as tx:
        privacy.erase(tx, LEAVER)
    with filled.read_session() as session:
        after, left = cells(session), counts(session)
    # The tombstone for late deliveries, which is deleted after some days.
    assert {name for name, text in after.items() if LEAVER in text} == {"members"}
    assert {
        name for name, text in after.items() if SAID in text or NAME in text
    } == set()
    for name in TABLES:
        kept = KEPT[name.name]
        gone = kept.has_personal_data and kept.on_erasure == "delete"
        # What is reworded, and the indexes to be built anew, are queued there.
        if name.name not in {"outbox", "search_rebuilds"}:
            assert left[name.name] == held[name.name] - gone, name.name
    assert all(OTHER in after[name] for name in about if KEPT[name].owner_columns)


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_after_ten_years_only_rows_stay_that_have_a_reason(filled: Runtime, clock):
    """All that was going on is over: every time in every row is long ago."""
    with filled.write_session.begin() as session:
        circle_seasons = Base.metadata.tables["circle_seasons"].c.id
        season = session.scalar(select(func.min(circle_seasons)))
        for table in TABLES:
            over: dict[str, Any] = {
                column.name: NOW if isinstance(column.type, UtcDateTime) else NOW.date()
                for column in table.columns
                if column.nullable
                and isinstance(column.type, UtcDateTime | Date)
                and table.name not in {"members", "outbox"}
            }
            if table.name in {"circles", "circle_members"}:
                over["season_id"] = season
            if table.name == "checkin_schedules":
                over["state"] = "deleted"
            if over:
                session.execute(update(table).values(over))
    clock.now = NOW + timedelta(days=3653)
    with filled.write(filled.workspaces.only) as tx:
        privacy.purge_expired(tx, sent_before=tx.now, unmatched_before=tx.now)
        message_counts.purge_expired(tx)
    with filled.read_session() as session:
        left = {name for name, count in counts(session).items() if count}
    assert {name for name in left if not KEPT[name].stays} == set()
    # Rows of these are over when something else is, which is so here.
    gone = {
        *("program_members", "checkin_participants", "circle_signups"),
        *("circle_votes", "circle_vote_answers", "circle_merges", "buddy_offers"),
    }
    assert not left & gone


@pytest.mark.deep_on_postgresql
def test_the_file_has_each_table_and_only_ones_part_of_others_rows(filled: Runtime):
    with filled.read(filled.workspaces.only) as tx:
        told = privacy.rows_about(tx, LEAVER)
    for kept in FEATURES.personal_data:
        rows = told[kept.model.__tablename__]
        if not kept.has_personal_data:
            assert rows == []
            continue
        assert rows, kept.model.__tablename__
        assert LEAVER in json.dumps(rows)
        for column, author in kept.text_columns.items():
            for row in rows:
                assert (row.get(column) == SAID) is (row.get(author) == LEAVER)
        # Members may see whom they thanked, and who thanked them.
        if not kept.reader_columns:
            assert OTHER not in json.dumps(rows), kept.model.__tablename__
