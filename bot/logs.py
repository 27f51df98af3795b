"""Structured logs on standard error: what happened, never what was said."""

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

# Of the libraries, the least severe thing to log. Asked of each record: Bolt gives its
# loggers the level of the root, whatever they had.
_MIN_LEVELS = {
    # They log requests and answers, with what people wrote in them.
    "slack_bolt": logging.CRITICAL,
    "slack_sdk": logging.CRITICAL,
    "urllib3": logging.CRITICAL,
    # They report each statement, tick and start.
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
    """Where an exception came from, and from which, the first one last.

    Most messages stay out: they may quote what somebody typed. PostgreSQL shows the
    row that a constraint refused, with the ask's words in it.
    """
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        frames = "".join(traceback.format_tb(seen.__traceback__))
        parts.append(f"{frames}{type(seen).__qualname__}{_safe_details(seen)}")
        hidden = seen.__suppress_context__
        seen = seen.__cause__ or (None if hidden else seen.__context__)
    return "Traceback (most recent call last):\n" + "\nraised from:\n".join(parts)


def _safe_details(error: BaseException) -> str:
    """What may be said of an exception: nothing that can hold a value."""
    if isinstance(error, OSError | sqlite3.Error):
        return f": {error}"
    # Of a driver, which need not be installed: what it could not reach, or find.
    if {"OperationalError", "ProgrammingError"} & {
        t.__name__ for t in type(error).mro()
    }:
        return f": {error}"
    diag = getattr(error, "diag", None)
    said = (
        getattr(error, "sqlstate", None),
        getattr(diag, "constraint_name", None),
        getattr(error, "statement", None),
    )
    return "".join(f" [{part}]" for part in said if part)


class _JsonFormatter(JsonFormatter):
    def formatTime(  # noqa: N802 - logging's name
        self, record: logging.LogRecord, _datefmt: str | None = None
    ) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        return at.isoformat(timespec="milliseconds")

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's name
        return format_trace(ei[1]) if ei[1] else ""


class _PlainFormatter(logging.Formatter):
    """For a person at a terminal: the message, and its fields behind it."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {k: v for k, v in vars(record).items() if k not in _STANDARD_FIELDS}
        fields.pop("message", None)
        fields.pop("asctime", None)
        said = " ".join(f"{name}={value}" for name, value in fields.items())
        return f"{super().format(record)}{'  ' + said if said else ''}"

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
    """`form` is "plain", "json", or "auto": plain on a terminal."""
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
    """Whether it may be written: libraries log what people said."""
    library = record.name.partition(".")[0]
    return record.levelno >= _MIN_LEVELS.get(library, logging.NOTSET)


def truncate_asyncio(record: logging.LogRecord) -> bool:
    """Of asyncio the first line: the others show what was raised, and its words."""
    if record.name.partition(".")[0] == "asyncio":
        record.msg, record.args = record.getMessage().partition("\n")[0], None
    return True


def log_uncaught_errors() -> None:
    """Log what nobody catches, too: Python writes it down with all that it says."""
    logging.captureWarnings(capture=True)

    def program(_type: type[BaseException], error: BaseException, _: object) -> None:
        log.critical("ended by an error", exc_info=error)

    def thread(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else ""
        log.critical("a thread ended", exc_info=args.exc_value, extra={"of": name})

    def finalizer(args: "sys.UnraisableHookArgs") -> None:
        log.error("an error that nobody could take", exc_info=args.exc_value)

    sys.excepthook, threading.excepthook = program, thread
    sys.unraisablehook = finalizer
