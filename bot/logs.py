"""Structured logs on standard error: what happened, never what was said."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

_STANDARD = frozenset(vars(logging.makeLogRecord({})))

# Of the libraries, the least severe thing to log. Asked of each record: Bolt gives its
# loggers the level of the root, whatever they had.
_LEAST = {
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


class _Plain(logging.Formatter):
    """For a person at a terminal: the message, and its fields behind it."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        fields.pop("message", None)
        fields.pop("asctime", None)
        said = " ".join(f"{name}={value}" for name, value in fields.items())
        return f"{super().format(record)}{'  ' + said if said else ''}"


def set_up(*, form: str, level: str) -> None:
    """`form` is "plain", "json", or "auto": plain on a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    if form == "plain" or (form == "auto" and sys.stderr.isatty()):
        handler.setFormatter(_Plain("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    else:
        handler.setFormatter(
            JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
        )
    handler.addFilter(_is_ours_to_tell)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _is_ours_to_tell(record: logging.LogRecord) -> bool:
    library = record.name.partition(".")[0]
    return record.levelno >= _LEAST.get(library, logging.NOTSET)
