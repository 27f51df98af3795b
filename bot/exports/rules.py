"""What a table for a spreadsheet or a program looks like. Values in, text out."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

# A cell that begins so is a formula to a spreadsheet; the wide forms are, in some.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def escape_formula(value: object) -> object:
    """A cell: text that a spreadsheet would run is shown as the text that it is."""
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
    """As it is: no program runs a text of JSON."""
    shown = [{column: row[column] for column in columns} for row in rows]
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"
