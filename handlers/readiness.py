"""Whether the parts that everything rests on do their work; if not, why."""

import logging
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from uuid import uuid4

from sqlalchemy import delete, exc, insert, select
from sqlalchemy.exc import SQLAlchemyError

from bot.db import table
from bot.runtime import Runtime
from models import Installation, Pause

log = logging.getLogger(__name__)

# Whoever asks without end costs no more than one look in this time.
KEEPS_SECONDS = 1.0

# What is wrong, in words that may be shown to anybody; None where nothing is.
Check = Callable[[], str | None]

# Larger than a page of the database: where no room is left, there is none for it.
_PADDING = "." * 8192


class Readiness:
    """The checks by the names of their parts; for any thread."""

    def __init__(
        self, checks: Mapping[str, Check], *, keeps_seconds: float = KEEPS_SECONDS
    ) -> None:
        self._checks = checks
        self._keeps = keeps_seconds
        self._guard = threading.Lock()
        self._looked_at = -float("inf")
        self._found: Mapping[str, str | None] = {}
        self._said: Mapping[str, str] = {}

    def look(self) -> Mapping[str, str | None]:
        """What is wrong with each part; several at once get the same answer."""
        with self._guard:
            if monotonic() - self._looked_at >= self._keeps:
                self._found = {name: check() for name, check in self._checks.items()}
                self._looked_at = monotonic()
                self._tell({name: why for name, why in self._found.items() if why})
            return self._found

    def _tell(self, wrong: Mapping[str, str]) -> None:
        """Log what changed, and not each time that somebody asks."""
        if wrong.keys() != self._said.keys():
            if wrong:
                log.warning("not ready", extra={"wrong": dict(wrong)})
            else:
                log.info("ready again")
        self._said = wrong


def answers(rt: Runtime) -> str | None:
    """Whether the database answers a question."""
    try:
        with rt.lookups.connect() as connection:
            connection.execute(select(1))
    except SQLAlchemyError as error:
        return _why(error)
    return None


def takes_changes(rt: Runtime) -> str | None:
    """Whether the database can be written to, and has room for more.

    What is written is gone before anybody could see it; the commit is a real one.
    """
    pauses = table(Pause)
    probe = f"probe {uuid4().hex} {_PADDING}"
    try:
        with rt.sessions.begin() as session:
            session.execute(
                insert(pauses).values(
                    installation_id=rt.workspace.id, method=probe, until=rt.clock()
                )
            )
            session.execute(delete(pauses).where(pauses.c.method == probe))
    except SQLAlchemyError as error:
        return _why(error)
    return None


def is_accepted(rt: Runtime) -> str | None:
    """Whether Slack takes what we send, as far as we have been told."""
    try:
        with rt.lookups.connect() as connection:
            return connection.scalar(
                select(Installation.paused_because).filter_by(id=rt.workspace.id)
            )
    except SQLAlchemyError:
        return "not known without the database"


def _why(error: SQLAlchemyError) -> str:
    """The driver's own name for it, which quotes nothing."""
    if isinstance(error, exc.TimeoutError):
        return "no connection became free in time"
    driver = getattr(error, "orig", None)
    code = getattr(driver, "sqlite_errorname", None) or getattr(
        driver, "sqlstate", None
    )
    return str(code or type(error).__name__)
