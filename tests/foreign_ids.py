"""Mark the ids that come in payloads, and what a statement compares with them.

Such an id may be that of another workspace's row, so it binds a statement to no
workspace (`tests/workspace_bounds.py`).
"""

import re
from collections.abc import Sequence
from typing import Any

from bot.circles import forms as circle_forms
from handlers import interactions

# It takes the place of such an id in a statement.
FOREIGN = "9090909090"
# A text may contain a question mark.
_POSITION = re.compile(r"'[^']*'|\?")
_NAME = re.compile(r"%\((\w+)\)s")


class ForeignId(int):
    """An id that a payload has; a row that is read by it has its own, as an int."""


def mark_parsed() -> None:
    """Let the functions that parse ids return marked ones."""
    for module in (interactions, circle_forms):
        vars(module)["int"] = ForeignId


def marked(statement: str, values: dict[str, Any] | Sequence[Any]) -> str | None:
    """Return an executed statement with FOREIGN in it; None if it has no such id."""
    # Each statement of each test comes here, so this does without a loop in Python.
    by_name = values if isinstance(values, dict) else None
    given = values.values() if isinstance(values, dict) else values
    if ForeignId not in map(type, given):
        return None
    if by_name is not None:
        return _NAME.sub(lambda name: _written(by_name[name[1]], name[0]), statement)
    left = iter(given)
    return _POSITION.sub(
        lambda each: _written(next(left), "?") if each[0] == "?" else each[0],
        statement,
    )


def _written(value: Any, parameter: str) -> str:
    return FOREIGN if isinstance(value, ForeignId) else parameter
