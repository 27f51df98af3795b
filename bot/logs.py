"""Structured logs on standard error: what happened, never what was said."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

_STANDARD = frozenset(vars(logging.makeLogRecord({})))


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
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The Slack libraries log requests and answers, with what people wrote in them.
    for name in ("slack_sdk", "slack_bolt", "slack_bolt.App", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # APScheduler reports each tick, uvicorn each start.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
