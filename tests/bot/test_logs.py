"""The logs describe events, without people's text and without secrets."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from _pytest.reports import TestReport
from slack_bolt import App
from sqlalchemy import text

import handlers.bolt_app
from bot import logs
from bot.runtime import Runtime
from bot.slack.api import OutcomeUnknown
from tests.conftest import LogCapture, pytest_runtest_makereport
from tests.factories import Story
from tests.slack_payloads import ASKER, HELPER, message_event

TOKEN = "xoxb-canary-of-the-token"
WORDS = "canary-of-the-words"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Capture the log as in production, but with DEBUG."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.set_up(style="json", level="DEBUG")
    yield written
    root.handlers[:] = before[1]
    root.setLevel(before[0])


@pytest.fixture
def bolt(logged: io.StringIO, rt: Runtime) -> App:
    return handlers.bolt_app.create_app(rt)


@contextmanager
def refusing_asks(rt: Runtime) -> Iterator[None]:
    """Make the database reject rows of `asks`; PostgreSQL's error shows the row."""
    with rt.write_session.begin() as session:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        session.execute(
            text(
                "CREATE TRIGGER refuse BEFORE INSERT ON asks"
                " BEGIN SELECT RAISE(ABORT, 'refused'); END"
                if is_sqlite
                else "ALTER TABLE asks ADD CONSTRAINT refuse CHECK (id < 0)"
            )
        )
    yield
    with rt.write_session.begin() as session:
        session.execute(
            text(
                "DROP TRIGGER refuse"
                if is_sqlite
                else "ALTER TABLE asks DROP CONSTRAINT refuse"
            )
        )


def records(logged: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in logged.getvalue().splitlines()]


def test_a_whole_story_leaves_no_text_in_the_logs(logged: io.StringIO, story: Story):
    ask = story.ask(f"How do I {WORDS}?")
    answer = story.say(HELPER, f"Like {WORDS}.", thread_ts=ask.ts)
    story.edit(HELPER, answer, f"Or like {WORDS}!", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.advance(seconds=90)
    assert WORDS in story.slack.texts_to(HELPER)[0]
    # The bot receives its own messages, too.
    story.event(message_event(story.rt.workspaces.only.bot_user_id, WORDS, story.ts()))
    logging.getLogger("bot").info("the end")
    assert records(logged)
    assert WORDS not in logged.getvalue()
    assert TOKEN not in logged.getvalue()


@pytest.mark.deep_on_postgresql
def test_a_bug_is_logged_with_its_trace_and_without_the_typed_text(
    logged: io.StringIO, story: Story
):
    with refusing_asks(story.rt):
        answer = story.command(ASKER, "/ask", f"How do I {WORDS}?")
    assert "Nothing was saved" in answer.body
    [record] = [r for r in records(logged) if r["level"] == "ERROR"]
    assert "Traceback" in record["trace"]
    assert "INSERT INTO asks" in record["trace"]
    assert WORDS not in logged.getvalue()
    assert TOKEN not in logged.getvalue()


def test_a_trace_includes_the_first_cause_and_quotes_nobody():
    def raise_both() -> None:
        try:
            int(WORDS)
        except ValueError as error:
            raise RuntimeError(WORDS) from error

    with pytest.raises(RuntimeError) as raised:
        raise_both()
    trace = logs.format_trace(raised.value)
    assert trace.index("RuntimeError") < trace.index("raised from") < len(trace)
    assert trace.endswith("ValueError")
    assert "in raise_both" in trace
    assert WORDS not in trace


def test_a_trace_names_the_missing_file():
    with pytest.raises(OSError, match="such") as raised:
        Path("/nowhere/at/all").read_text()
    assert logs.format_trace(raised.value).endswith(
        "No such file or directory: '/nowhere/at/all'"
    )


def test_a_malformed_event_is_logged_without_its_content(
    logged: io.StringIO, story: Story
):
    assert story.event(message_event(ASKER, WORDS, ts="canary-of-the-words")) == 200
    assert "event not understood" in logged.getvalue()
    assert WORDS not in logged.getvalue()


def test_a_lost_message_is_logged_without_its_text(logged: io.StringIO, story: Story):
    story.slack.fail["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "TimeoutError")
    ]
    story.command(ASKER, "/ask", f"How do I {WORDS}?")
    story.advance(seconds=120)
    assert records(logged)
    assert WORDS not in logged.getvalue()


@pytest.mark.parametrize("library", ["slack_bolt.App", "slack_sdk.web", "urllib3"])
def test_the_slack_libraries_logs_are_not_shown(logged: io.StringIO, library: str):
    noisy = logging.getLogger(library)
    noisy.setLevel(logging.DEBUG)
    noisy.error("body: %s", WORDS)
    assert logged.getvalue() == ""


def test_at_a_terminal_the_fields_follow_the_message(
    monkeypatch: pytest.MonkeyPatch,
):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    logs.set_up(style="plain", level="INFO")
    logging.getLogger("bot.x").warning("not sent", extra={"error": "is_archived"})
    root.handlers[:] = before[1]
    root.setLevel(before[0])
    assert written.getvalue().endswith("WARNING bot.x: not sent  error=is_archived\n")


def test_a_json_line_has_time_level_logger_and_message(logged: io.StringIO):
    logging.getLogger("bot.x").warning("not sent", extra={"error": "is_archived"})
    [record] = records(logged)
    at = datetime.fromisoformat(record.pop("timestamp"))
    assert at.utcoffset() == timedelta()
    assert list(record.items()) == [
        ("level", "WARNING"),
        ("logger", "bot.x"),
        ("message", "not sent"),
        ("error", "is_archived"),
    ]


UNCAUGHT = f"""
import asyncio, sys, threading, warnings
from bot import logs

logs.set_up(style="json", level="INFO")
logs.log_uncaught_errors()

class Trips:
    def __del__(self):
        raise ValueError("{WORDS}")

def trip():
    raise ValueError("{WORDS}")

async def forget():
    task = asyncio.ensure_future(later())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

async def later():
    raise ValueError("{WORDS}")

warnings.warn("a warning")
asyncio.run(forget())
Trips()
thread = threading.Thread(target=trip, name="delivery-0")
thread.start()
thread.join()
trip()
"""


def test_an_uncaught_error_is_a_line_as_well_and_quotes_nobody():
    ended = subprocess.run(
        [sys.executable, "-c", UNCAUGHT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [(one["level"], one["logger"]) for one in lines] == [
        ("WARNING", "py.warnings"),
        ("ERROR", "asyncio"),
        ("ERROR", "backswing"),
        ("CRITICAL", "backswing"),
        ("CRITICAL", "backswing"),
    ]
    assert lines[3]["of"] == "delivery-0"
    assert all(one["trace"].endswith("ValueError") for one in lines[1:])
    assert (ended.returncode, WORDS in ended.stderr) == (1, False)


def test_any_test_that_logs_a_secret_fails(log_capture: LogCapture):
    logging.getLogger("bot.outbox.worker").warning("a token: %s", "xoxb-1")
    assert len(log_capture.leaks) == 1
    log_capture.leaks.clear()


@pytest.mark.parametrize(
    ("printed", "outcome"), [("xoxb-1", "failed"), ("1", "passed")]
)
def test_any_test_that_prints_a_secret_fails(printed: str, outcome: str):
    report = TestReport("", ("", 0, ""), {}, "passed", None, "call")
    report.sections.append(("Captured stderr call", f"a token: {printed}"))
    look = pytest_runtest_makereport()
    next(look)
    with pytest.raises(StopIteration) as looked:
        look.send(report)
    assert looked.value.value.outcome == outcome
