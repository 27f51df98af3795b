"""Rows of tables as an older version made them, whatever the models say today."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Connection, MetaData, insert, select

BLANK: dict[type, Any] = {
    str: "",
    int: 0,
    float: 0.0,
    bool: False,
    object: [],
    datetime: datetime(2026, 3, 1, tzinfo=UTC),
    date: date(2026, 3, 1),
    time: time(9),
}


def row_adder(connection: Connection) -> Callable[..., int | None]:
    """Return a function that adds a row to a table of the schema as it is now.

    Columns that it is not given are blank. It returns the row's id, if the table has
    ids; the database chooses one if none is given.
    """
    metadata = MetaData()
    metadata.reflect(connection)

    def put(name: str, /, **values: Any) -> int | None:
        table = metadata.tables[name]
        # Whatever else has to be there does not matter.
        blank = {
            column.name: BLANK[column.type.python_type]
            for column in table.columns
            if not column.nullable and column.name not in {*values, "id"}
        }
        statement = insert(table).values(blank | values)
        if "id" not in table.columns:
            connection.execute(statement)
            return None
        return int(connection.scalar(statement.returning(table.columns["id"])))

    return put


def all_rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table as they are stored, by the table's name."""
    metadata = MetaData()
    metadata.reflect(connection)
    return {
        name: [
            {**row}
            for row in connection.execute(
                select(table).order_by(*table.primary_key)
            ).mappings()
        ]
        for name, table in metadata.tables.items()
        if name != "alembic_version"
    }
