"""Log once that the database can't be reached, and once that it can again."""

import logging
import threading
from time import monotonic

from sqlalchemy.exc import DBAPIError, OperationalError

log = logging.getLogger(__name__)

# PostgreSQL's codes for a server that stops or starts; the class of lost connections.
_SHUTDOWN_SQLSTATES = frozenset({"57P01", "57P02", "57P03"})
_CONNECTION_CLASS = "08"
_MAX_LENGTH = 200


def is_unreachable(error: BaseException | None) -> bool:
    """Return True if PostgreSQL could not be reached, or closed the connection."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_unreachable, error.exceptions))
    if not isinstance(error, DBAPIError):
        return False
    # Errors of SQLite have no such code.
    code: str | None = getattr(error.orig, "sqlstate", "sqlite")
    if code is None:
        # It can't connect, or has lost the connection. The driver's other errors, such
        # as for too many parameters, are bugs.
        return isinstance(error, OperationalError) and (
            error.statement is None or error.connection_invalidated
        )
    return code in _SHUTDOWN_SQLSTATES or code.startswith(_CONNECTION_CLASS)


class Outage:
    """The messages logged since the database could last be reached. Thread-safe.

    All parts of the process fail then, some each second, and their traces would say
    nothing more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logged: set[tuple[str, str]] = set()
        self._began_at = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Let each message about an outage through once, with the reason as its trace.

        Other records stay as they are.
        """
        error = record.exc_info[1] if record.exc_info else None
        if not is_unreachable(error):
            return True
        message = (record.name, str(record.msg))
        with self._lock:
            if message in self._logged:
                return False
            if not self._logged:
                self._began_at = monotonic()
            self._logged.add(message)
        record.exc_info = record.exc_text = None
        record.database = _reason(error)
        return True

    def end(self, *_: object) -> None:
        """Log the end, if there was an outage: a connection has just been tested."""
        if not self._logged:
            return
        with self._lock:
            if not self._logged:
                return
            self._logged.clear()
            seconds = monotonic() - self._began_at
        log.warning(
            "the database can be reached again", extra={"after_s": round(seconds)}
        )


def _reason(error: BaseException | None) -> str:
    """Return the first line of the driver's message, which quotes no stored values."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    driver = getattr(error, "orig", None) or error
    return str(driver).strip().partition("\n")[0][:_MAX_LENGTH]


# One for the process, as its log is.
outage = Outage()


def shorten_log() -> None:
    """Log an outage in this process in few lines."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(outage)
