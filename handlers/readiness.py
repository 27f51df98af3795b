"""Check that the vital parts work, and give the reasons if they don't."""

import logging
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from uuid import uuid4

from sqlalchemy import delete, exc, insert, literal, select
from sqlalchemy.exc import SQLAlchemyError

from bot.db.statements import table
from bot.runtime import Runtime
from models import Installation, RateLimit
from models.base import UtcDateTime

log = logging.getLogger(__name__)

# Limits how often the checks run, however many requests come.
CACHE_SECONDS = 1.0

# Returns the problem, in a text without secrets, or None.
Check = Callable[[], str | None]

# Larger than a database page, so that the write fails on a full disk.
_PADDING = "." * 8192


class Readiness:
    """Runs a check for each part; safe to use from any thread."""

    def __init__(
        self, checks: Mapping[str, Check], *, cache_seconds: float = CACHE_SECONDS
    ) -> None:
        self._checks = checks
        self._cache_seconds = cache_seconds
        self._lock = threading.Lock()
        self._checked_at = -float("inf")
        self._problems: Mapping[str, str | None] = {}
        self._logged: Mapping[str, str] = {}

    def check(self) -> Mapping[str, str | None]:
        """Return each part's problem or None; results are cached for a short time."""
        with self._lock:
            if monotonic() - self._checked_at >= self._cache_seconds:
                self._problems = {name: check() for name, check in self._checks.items()}
                self._checked_at = monotonic()
                self._log_change(
                    {
                        name: problem
                        for name, problem in self._problems.items()
                        if problem
                    }
                )
            return self._problems

    def _log_change(self, problems: Mapping[str, str]) -> None:
        """Log only if other parts have problems than at the last check."""
        if problems.keys() != self._logged.keys():
            if problems:
                log.warning("not ready", extra={"wrong": dict(problems)})
            else:
                log.info("ready again")
        self._logged = problems


def database_responds(rt: Runtime) -> str | None:
    """Return the error if the database does not respond, else None."""
    try:
        with rt.autocommit.connect() as connection:
            connection.execute(select(1))
    except SQLAlchemyError as error:
        return _error_code(error)
    return None


def database_writes(rt: Runtime) -> str | None:
    """Return the error if the database can't be written to or is full, else None.

    Inserts a row, deletes it, and commits.
    """
    rate_limits = table(RateLimit)
    probe = f"probe {uuid4().hex} {_PADDING}"
    try:
        with rt.write_session.begin() as session:
            session.execute(
                insert(rate_limits).from_select(
                    ["installation_id", "method", "retry_at"],
                    # The row needs an installation; any will do.
                    select(
                        Installation.id,
                        literal(probe),
                        literal(rt.clock(), UtcDateTime),
                    ).limit(1),
                )
            )
            session.execute(delete(rate_limits).where(rate_limits.c.method == probe))
    except SQLAlchemyError as error:
        return _error_code(error)
    return None


def slack_accepts_token(rt: Runtime) -> str | None:
    """Return Slack's reason if no workspace's token works, else None.

    If only some workspaces have removed the app, the process serves the others.
    """
    try:
        with rt.autocommit.connect() as connection:
            reasons = connection.scalars(
                select(Installation.disabled_reason)
                .where(Installation.id.in_(rt.workspaces.ids))
                .order_by(Installation.id)
            ).all()
    except SQLAlchemyError:
        return "unknown without the database"
    return reasons[0] if reasons and all(reasons) else None


def _error_code(error: SQLAlchemyError) -> str:
    """Return the driver's name for the error, which contains no values."""
    if isinstance(error, exc.TimeoutError):
        return "no connection became free in time"
    driver = getattr(error, "orig", None)
    code = getattr(driver, "sqlite_errorname", None) or getattr(
        driver, "sqlstate", None
    )
    return str(code or type(error).__name__)
