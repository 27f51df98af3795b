"""Statements that are built once ask the same as those that are built each time."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg

import bot
from bot.db.statement_time import StatementTime, Time
from bot.db.statements import InstallationId
from models import Installation

Rows = Callable[[InstallationId, Time], Select[Any]]
DIALECTS = (sqlite.dialect(), psycopg.dialect(paramstyle="format"))
TIMES = (
    datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
)


def rows_of_jobs() -> list[Rows]:
    """Return the functions that select the rows that a job works on at a time."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(bot.__path__, "bot.")
    ]
    return [
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and list(inspect.get_annotations(function).values())[:2]
        == [InstallationId, Time]
    ]


def name_of(rows: Rows) -> str:
    return f"{rows.__module__}.{rows.__name__}"


def compiled(
    rows: Rows, time: Time, values: dict[str, Any]
) -> Sequence[tuple[str, Sequence[Any]]]:
    """Return the statement and its values in order, in each dialect."""
    found = []
    for dialect in DIALECTS:
        statement = rows(Installation.id, time).compile(dialect=dialect)
        params = statement.construct_params(values)
        names = statement.positiontup or ()
        found.append((str(statement), [params[name] for name in names]))
    return found


@pytest.mark.parametrize("rows", rows_of_jobs(), ids=name_of)
def test_it_asks_the_same_whenever_it_was_built(rows: Rows):
    time = StatementTime()
    rows(Installation.id, time)
    for now in TIMES:
        built_before = compiled(rows, time, dict(time.values(now)))
        assert built_before == compiled(rows, now, {})


def test_the_jobs_rows_are_found():
    assert len(rows_of_jobs()) > 40


def test_durations_before_and_after_add_up():
    [now, later] = TIMES
    time = StatementTime()
    (time + timedelta(days=2) - timedelta(days=3, hours=1)).__clause_element__()
    (time - timedelta(hours=10)).date()
    for at in (now, later):
        before, day = time.values(at).values()
        assert before == at - timedelta(days=1, hours=1)
        assert day == (at - timedelta(hours=10)).date()
