"""Check that the parts that everything rests on do their work; if not, say why."""

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

# Whoever asks without end costs no more than one look in this time.
CACHE_SECONDS = 1.0

# Returns what is wrong, in words that may be shown to anybody; None: nothing.
Check = Callable[[], str | None]

# Larger than a page of the database: where no room is left, there is none for it.
_PADDING = "." * 8192


class Readiness:
    """Runs the checks, by the names of their parts; for any thread."""

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
        """Return what is wrong with each part; several at once get the same answer."""
        with self._lock:
            if monotonic() - self._checked_at >= self._cache_seconds:
                self._problems = {name: check() for name, check in self._checks.items()}
                self._checked_at = monotonic()
                self._log_change(
                    {name: why for name, why in self._problems.items() if why}
                )
            return self._problems

    def _log_change(self, problems: Mapping[str, str]) -> None:
        """Log what changed, and not each time that somebody asks."""
        if problems.keys() != self._logged.keys():
            if problems:
                log.warning("not ready", extra={"wrong": dict(problems)})
            else:
                log.info("ready again")
        self._logged = problems


def database_responds(rt: Runtime) -> str | None:
    """Return why the database does not answer; None if it does."""
    try:
        with rt.autocommit.connect() as connection:
            connection.execute(select(1))
    except SQLAlchemyError as error:
        return _error_code(error)
    return None


def database_writes(rt: Runtime) -> str | None:
    """Return why the database can't be written to, or has no room; None if it can.

    What is written is gone before anybody could see it; the commit is a real one.
    """
    rate_limits = table(RateLimit)
    probe = f"probe {uuid4().hex} {_PADDING}"
    try:
        with rt.write_session.begin() as session:
            session.execute(
                insert(rate_limits).from_select(
                    ["installation_id", "method", "retry_at"],
                    # A row needs an installation, and it is not important which.
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
    """Return why nothing can be sent, as far as Slack has said; None if something can.

    One workspace that removed the app is no reason to restart what serves others.
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
    """Return the driver's own name for the error, which quotes nothing."""
    if isinstance(error, exc.TimeoutError):
        return "no connection became free in time"
    driver = getattr(error, "orig", None)
    code = getattr(driver, "sqlite_errorname", None) or getattr(
        driver, "sqlstate", None
    )
    return str(code or type(error).__name__)
