"""Format tables as CSV and JSON. Pure."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

# A cell that begins with one of these characters is a formula; in some spreadsheets,
# also with their full-width forms.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def escape_formula(value: object) -> object:
    """Return a cell's value, with a leading quote if a spreadsheet would run it."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value


def as_csv(columns: Sequence[str], rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(
        [escape_formula(row[column]) for column in columns] for row in rows
    )
    return out.getvalue()


def as_json(columns: Sequence[str], rows: Rows) -> str:
    """Return the rows as JSON; unlike in CSV, no formula has to be escaped."""
    items = [{column: row[column] for column in columns} for row in rows]
    return json.dumps(items, indent=2, ensure_ascii=False) + "\n"
