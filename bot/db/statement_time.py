"""Times in statements that are built once and run again and again."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Date, bindparam
from sqlalchemy.types import TypeEngine

from models.base import UtcDateTime

_MICROSECOND = timedelta(microseconds=1)


class StatementTime:
    """The time (UTC) at which a statement will run, known only when it runs.

    As with a datetime, columns are compared with it, and durations are added to it.
    """

    def __init__(self) -> None:
        self._after = timedelta()
        # Computes each parameter of the statement; results of `+` and `-` share it.
        self._parameters: dict[str, Callable[[datetime], Any]] = {}

    def values(self, now: datetime) -> Mapping[str, Any]:
        """Return the statement's parameters for a run at this time."""
        return {name: compute(now) for name, compute in self._parameters.items()}

    def __add__(self, duration: timedelta) -> "StatementTime":
        other = StatementTime()
        other._after, other._parameters = self._after + duration, self._parameters
        return other

    def __sub__(self, duration: timedelta) -> "StatementTime":
        return self + -duration

    def date(self) -> BindParameter[date]:
        return self._parameter("date", Date(), datetime.date)

    def __clause_element__(self) -> BindParameter[datetime]:
        """Take part in SQLAlchemy's expressions."""
        return self._parameter("time", UtcDateTime(), lambda time: time)

    def _parameter(
        self, form: str, type_: TypeEngine[Any], convert: Callable[[datetime], Any]
    ) -> BindParameter[Any]:
        name = f"{form}_after_{self._after // _MICROSECOND}".replace("-", "minus_")
        self._parameters[name] = lambda now: convert(now + self._after)
        return bindparam(name, type_=type_)


# A time (UTC), or that of the run of a statement.
Time = datetime | StatementTime
