"""The program as a real process."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import yaml

from bot.config.settings import Settings
from cli.doctor.process import probe
from cli.manifest import manifest
from cli.sandbox import STORY
from handlers.socket_mode import SOCKET_MODE_DISABLED
from sandbox import Sandbox
from tests.bot.config.test_settings import BOT, GOOD
from tests.ports import free_port
from tests.program import ROOT, Process, mode, words


@pytest.fixture
def pretended() -> Iterator[Sandbox]:
    new_files = Sandbox(manifest())
    new_files.start()
    yield new_files
    new_files.stop()


@pytest.mark.deep
def test_one_process_at_a_time_has_the_file_and_leaves_on_request(
    start: Callable[..., Process], tmp_path: Path
):
    file = tmp_path / "kept" / "backswing.db"
    url = f"sqlite:///{file}"
    first = start("sandbox", "--empty", "--database", url)
    first.wait_for("Backswing is running")
    assert mode(file.parent) == 0o700
    # The search index is in a folder, which may come a moment later.
    entries = [*file.parent.iterdir()]
    assert {path.name: mode(path) for path in entries} == {
        path.name: 0o700 if path.is_dir() else 0o600 for path in entries
    }

    second = start("sandbox", "--empty", "--database", url)
    assert second.end() == 2
    assert "another process is using backswing.db" in second.output()
    assert "postgresql://" in second.output()

    began = time.monotonic()
    assert first.end(by=signal.SIGTERM) == 0
    assert time.monotonic() - began < 30

    third = start("migrate", DATABASE_URL=url)
    assert third.end() == 0, third.output()


@pytest.mark.deep
def test_two_sandboxes_in_one_folder_have_a_file_each_and_neither_the_real_one(
    start: Callable[..., Process], tmp_path: Path
):
    (tmp_path / "data").mkdir()
    sandbox_file = tmp_path / "data" / "sandbox.db"
    sandbox_file.write_text("left by a sandbox of before", encoding="utf-8")
    real = tmp_path / "real.db"
    for _ in range(2):
        one = start(
            "sandbox", "--empty", folder=tmp_path, DATABASE_URL=f"sqlite:///{real}"
        )
        one.wait_for("Backswing is running")
    files = sorted(sandbox_file.parent.glob("*.db"))
    assert [file.name for file in files] == ["sandbox-2.db", "sandbox.db"]
    for file in files:
        with closing(sqlite3.connect(file)) as database:
            [(teams,)] = database.execute("SELECT count(*) FROM installations")
            assert teams == 1
    assert not real.exists()


def test_a_real_process_exits_with_the_documented_errors(start: Callable[..., Process]):
    process = start(SLACK_BOT_TOKEN=f"xoxp-{BOT[5:]}")
    assert process.end() == 2
    assert process.output().startswith("SLACK_BOT_TOKEN is of the wrong kind")
    assert BOT[5:] not in process.output()


def serving(start: Callable[..., Process], slack: Sandbox, **variables: str) -> Process:
    return start(
        **variables,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_APP_TOKEN=slack.app_token,
        SLACK_API_URL=slack.api_url,
        DATABASE_URL="sqlite:///kept.db",
    )


@pytest.mark.deep
def test_the_start_waits_for_slack(start: Callable[..., Process], pretended: Sandbox):
    for kind in ("ratelimited", "server_error", "truncated"):
        pretended.faults.add(kind, "auth.test", times=1, retry_after=1)
    pretended.faults.add("reset", "apps.connections.open", times=1)
    settings = Settings(_env_file=None, port=free_port())
    process = serving(start, pretended, PORT=str(settings.port))
    process.wait_for_logs("waiting for Slack", times=3)
    process.wait_for_logs('"serving"', times=1)
    process.wait_for_logs('"connected"', times=1)
    # On the port where it said before that it waits.
    assert "socket" in probe(settings).parts
    assert process.end(by=signal.SIGTERM) == 0
    assert "Traceback" not in process.output()


def test_a_process_that_waits_for_slack_says_so_and_leaves_on_request(
    start: Callable[..., Process],
):
    settings = Settings(
        _env_file=None, port=free_port(), slack_api_url="http://127.0.0.1:9/"
    )
    process = start(
        **GOOD,
        SLACK_API_URL=settings.slack_api_url,
        DATABASE_URL="sqlite:///kept.db",
        PORT=str(settings.port),
    )
    process.wait_for_logs("waiting for Slack", times=2)
    found = probe(settings)
    assert found.state == "here"
    assert found.parts == {"slack": "waiting for Slack (not_connected)"}
    assert found.metrics["process_start_time_seconds",] > 0
    for path, status in (("healthz", 200), ("readyz", 503), ("slack/events", 503)):
        url = f"http://127.0.0.1:{settings.port}/{path}"
        assert httpx.get(url).status_code == status
    assert process.end(by=signal.SIGTERM) == 0
    assert "serving" not in process.output()


@pytest.mark.deep
def test_a_process_that_can_not_go_on_exits_with_1_and_the_reason(
    start: Callable[..., Process], pretended: Sandbox
):
    process = serving(start, pretended)
    process.wait_for_logs('"connected"', times=1)
    pretended.sockets.disconnect("link_disabled")
    assert process.end() == 1
    assert process.output().splitlines()[-1] == SOCKET_MODE_DISABLED


def test_the_story_leaves_no_text_and_no_secret_in_the_logs(
    start: Callable[..., Process],
):
    process = start("sandbox", "--database", "sqlite:///kept.db", LOG_LEVEL="DEBUG")
    process.wait_for("Backswing is running")
    process.wait_for_logs("bot.outbox.outcomes", times=5)  # The story is being played.
    assert process.end(by=signal.SIGTERM) == 0
    logged = process.output()
    assert [json.loads(line)["message"] for line in logged.splitlines()]
    assert not [
        output
        for output in words(yaml.safe_load(STORY.read_text()))
        if output in logged
    ]
    assert "xoxb-" not in logged


@pytest.mark.deep
def test_ctrl_c_ends_with_a_line_and_no_trace(start: Callable[..., Process]):
    process = start("sandbox", "--database", "sqlite:///kept.db")
    process.wait_for("Backswing is running")
    ends_by_ctrl_c(process)


def test_ctrl_c_while_slack_does_not_answer_ends_with_a_line(
    start: Callable[..., Process],
):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        port = silent.getsockname()[1]
        process = start(**GOOD, SLACK_API_URL=f"http://127.0.0.1:{port}/")
        with silent.accept()[0]:
            ends_by_ctrl_c(process)


def ends_by_ctrl_c(process: Process) -> None:
    assert process.end(by=signal.SIGINT) == 130
    assert process.output().splitlines()[-1] == "Interrupted."
    assert "Traceback" not in process.output()


@pytest.mark.parametrize("command", [[], ["export", "there"], ["import", "e.zip"]])
def test_ctrl_c_during_a_commands_import_ends_with_a_line_too(command: list[str]):
    code = (
        "import builtins, sys, app; real = builtins.__import__\n"
        "def interrupted(name, *rest, **named):\n"
        "    if name.startswith('sqlalchemy'): raise KeyboardInterrupt\n"
        "    return real(name, *rest, **named)\n"
        "builtins.__import__ = interrupted\n"
        "sys.exit(app.main(sys.argv[1:]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
    )
    assert (ran.returncode, ran.stderr) == (130, "Interrupted.\n")


def test_characters_that_the_terminal_lacks_are_no_obstacle(
    start: Callable[..., Process],
):
    process = start("doctor", PYTHONIOENCODING="ascii")
    assert process.end() == 1
    assert "? Follow docs" in process.printed
