"""Whether the parts that everything rests on do their work; if not, why."""

import logging
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from uuid import uuid4

from sqlalchemy import delete, exc, insert, select
from sqlalchemy.exc import SQLAlchemyError

from bot.db.statements import table
from bot.runtime import Runtime
from models import Installation, RateLimit

log = logging.getLogger(__name__)

# Whoever asks without end costs no more than one look in this time.
CACHE_SECONDS = 1.0

# What is wrong, in words that may be shown to anybody; None where nothing is.
Check = Callable[[], str | None]

# Larger than a page of the database: where no room is left, there is none for it.
_PADDING = "." * 8192


class Readiness:
    """The checks by the names of their parts; for any thread."""

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
        """What is wrong with each part; several at once get the same answer."""
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
    """Whether the database answers a question."""
    try:
        with rt.autocommit.connect() as connection:
            connection.execute(select(1))
    except SQLAlchemyError as error:
        return _error_code(error)
    return None


def database_writes(rt: Runtime) -> str | None:
    """Whether the database can be written to, and has room for more.

    What is written is gone before anybody could see it; the commit is a real one.
    """
    pauses = table(RateLimit)
    probe = f"probe {uuid4().hex} {_PADDING}"
    try:
        with rt.write(rt.workspace) as tx:
            tx.session.execute(
                insert(pauses).values(
                    installation_id=tx.workspace.id, method=probe, until=tx.now
                )
            )
            tx.session.execute(delete(pauses).where(pauses.c.method == probe))
    except SQLAlchemyError as error:
        return _error_code(error)
    return None


def slack_accepts_token(rt: Runtime) -> str | None:
    """Whether Slack takes what we send, as far as we have been told."""
    try:
        with rt.autocommit.connect() as connection:
            return connection.scalar(
                select(Installation.paused_because).filter_by(id=rt.workspace.id)
            )
    except SQLAlchemyError:
        return "not known without the database"


def _error_code(error: SQLAlchemyError) -> str:
    """The driver's own name for it, which quotes nothing."""
    if isinstance(error, exc.TimeoutError):
        return "no connection became free in time"
    driver = getattr(error, "orig", None)
    code = getattr(driver, "sqlite_errorname", None) or getattr(
        driver, "sqlstate", None
    )
    return str(code or type(error).__name__)
