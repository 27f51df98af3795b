"""Rows that wait for a time, for the jobs and the figures about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class DueRows:
    """Rows that a job has to process when the time in one of their columns comes."""

    # The job's name, as operators see it.
    job: str
    # The column with the time, in UTC.
    column: Any
    # Takes an installation's id, and returns conditions that select its rows.
    where: "Callable[[int], Sequence[ColumnElement[bool]]]"
    # The time between the column's time and the work.
    delay: timedelta = timedelta()
