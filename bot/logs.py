"""Structured logs on standard error: events, never people's text."""

import logging
import sqlite3
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType

from pythonjsonlogger.json import JsonFormatter

log = logging.getLogger("backswing")

_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({})))

# The minimum level per library. Checked for each record: Bolt sets its loggers to the
# root's level.
_MIN_LEVELS = {
    # They log requests and responses with people's text.
    "slack_bolt": logging.CRITICAL,
    "slack_sdk": logging.CRITICAL,
    "urllib3": logging.CRITICAL,
    # They log each statement, run and start.
    "alembic": logging.WARNING,
    "apscheduler": logging.ERROR,
    "asyncio": logging.WARNING,
    "filelock": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "uvicorn": logging.WARNING,
    "websockets": logging.WARNING,
}


_ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None]
    | tuple[None, None, None]
)


def format_trace(error: BaseException) -> str:
    """Return an exception's traceback and those of its causes, the first one last.

    Most messages are left out: they may quote people's text. PostgreSQL shows the row
    that violates a constraint, with the ask's text in it.
    """
    parts = []
    current: BaseException | None = error
    while current is not None:
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{frames}{type(current).__qualname__}{_safe_details(current)}")
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)
    return "Traceback (most recent call last):\n" + "\nraised from:\n".join(parts)


def _safe_details(error: BaseException) -> str:
    """Return the details of an exception that can't contain stored values."""
    if isinstance(error, OSError | sqlite3.Error):
        return f": {error}"
    # Errors of database drivers about connections and missing tables. They are
    # compared by name, as the driver may not be installed.
    if {"OperationalError", "ProgrammingError"} & {
        t.__name__ for t in type(error).mro()
    }:
        return f": {error}"
    diag = getattr(error, "diag", None)
    details = (
        getattr(error, "sqlstate", None),
        getattr(diag, "constraint_name", None),
        getattr(error, "statement", None),
    )
    return "".join(f" [{part}]" for part in details if part)


class _JsonFormatter(JsonFormatter):
    def formatTime(  # noqa: N802 - logging's name
        self, record: logging.LogRecord, _datefmt: str | None = None
    ) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        return at.isoformat(timespec="milliseconds")

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's name
        return format_trace(ei[1]) if ei[1] else ""


class _PlainFormatter(logging.Formatter):
    """Format for a terminal: the message, followed by its fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {k: v for k, v in vars(record).items() if k not in _STANDARD_FIELDS}
        fields.pop("message", None)
        fields.pop("asctime", None)
        details = " ".join(f"{name}={value}" for name, value in fields.items())
        return f"{super().format(record)}{'  ' + details if details else ''}"

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's name
        return format_trace(ei[1]) if ei[1] else ""


JSON_FORMATTER = _JsonFormatter(
    "%(asctime)s %(levelname)s %(name)s %(message)s",
    rename_fields={
        "asctime": "timestamp",
        "levelname": "level",
        "name": "logger",
        "exc_info": "trace",
    },
)


def set_up(*, style: str, level: str) -> None:
    """Set up logging. `style` is "plain", "json", or "auto": plain on a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    if style == "plain" or (style == "auto" and sys.stderr.isatty()):
        handler.setFormatter(
            _PlainFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
        )
    else:
        handler.setFormatter(JSON_FORMATTER)
    handler.addFilter(is_loggable)
    handler.addFilter(truncate_asyncio)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def is_loggable(record: logging.LogRecord) -> bool:
    """Return False for a library's records below its minimum level.

    These may contain people's text.
    """
    library = record.name.partition(".")[0]
    return record.levelno >= _MIN_LEVELS.get(library, logging.NOTSET)


def truncate_asyncio(record: logging.LogRecord) -> bool:
    """Keep only the first line of asyncio's messages: the rest quotes exceptions."""
    if record.name.partition(".")[0] == "asyncio":
        record.msg, record.args = record.getMessage().partition("\n")[0], None
    return True


def log_uncaught_errors() -> None:
    """Log uncaught errors, which Python would print together with people's text."""
    logging.captureWarnings(capture=True)

    def program(_type: type[BaseException], error: BaseException, _: object) -> None:
        log.critical("ended by an error", exc_info=error)

    def thread(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else ""
        log.critical("a thread ended", exc_info=args.exc_value, extra={"of": name})

    def finalizer(args: "sys.UnraisableHookArgs") -> None:
        log.error("unraisable error", exc_info=args.exc_value)

    sys.excepthook, threading.excepthook = program, thread
    sys.unraisablehook = finalizer
