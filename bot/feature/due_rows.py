"""Work that waits for jobs, for the figures about it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from bot.feature.hooks import RowsOf
    from bot.runtime import Transaction


@dataclass(frozen=True, slots=True)
class DueRows:
    """Rows that a job has to process when the time in one of their columns comes."""

    # The job's name, as operators see it.
    job: str
    # The column with the time, in UTC.
    column: Any
    # Takes the ids of installations, and returns conditions that select their rows.
    where: "Callable[[Collection[int]], Sequence[ColumnElement[bool]]]"
    # The time between the column's time and the work.
    delay: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class DueCounts:
    """Other work that jobs have now, which no time in a column tells."""

    # The jobs' names, as operators see them.
    jobs: Sequence[str]
    # Counts the work in a workspace, by the job's name.
    count: "Callable[[Transaction], Mapping[str, int]]"
    # A workspace without any such rows has none of this work.
    rows_of: "Sequence[RowsOf]"
