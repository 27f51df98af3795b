"""What is decided about people's data. Values in, values out."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any


def data_file_json(
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    purposes: Mapping[str, str],
    member: str,
    now: datetime,
) -> str:
    """The JSON file of what is kept of a person; `tables` by name."""
    return json.dumps(
        {
            "about": {
                "member": member,
                "made_at": now.isoformat(),
                "note": "Rows of other people that name you show only your part.",
            },
            "tables": {
                name: {"why": purposes[name], "rows": list(rows)}
                for name, rows in tables.items()
                if rows
            },
        },
        indent=2,
        ensure_ascii=False,
    )
