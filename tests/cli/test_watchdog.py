"""A process that can't go on ends with a reason, whichever part has failed."""

import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from bot.config.settings import Settings
from bot.db import versions
from bot.db.open import open_database
from cli import watchdog
from cli.app import Application
from cli.arguments import version
from cli.manifest import manifest
from cli.watchdog import Watchdog, WatchedPart
from sandbox import Sandbox


@pytest.fixture
def slack(closing: ThreadPoolExecutor) -> Iterator[Sandbox]:
    sandbox = Sandbox(manifest())
    sandbox.start()
    yield sandbox
    closing.submit(sandbox.stop)


@pytest.fixture
def backswing(
    slack: Sandbox,
    tmp_path: Path,
    migrated_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Application]:
    """Run the bot as the command serves it over Socket Mode, with frequent checks."""
    monkeypatch.setattr(watchdog, "CHECK_SECONDS", 0.05)
    handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    settings = Settings(
        _env_file=None,
        slack_bot_token=SecretStr(slack.bot_token),
        slack_app_token=SecretStr(slack.app_token),
        slack_api_url=slack.api_url,
    )
    file = shutil.copy(migrated_file, tmp_path / "kept.db")
    yield Application(settings, open_database(f"sqlite:///{file}"))
    for number, handler in handlers.items():
        signal.signal(number, handler)


def die(*_: object) -> None:
    # No handler catches this exception.
    raise SystemExit


def kill_an_outbox_worker(backswing: Application, slack: Sandbox) -> None:
    backswing.worker._take_turn = die  # type: ignore[method-assign, assignment]
    backswing.worker.wake()


def kill_the_scheduler(backswing: Application, slack: Sandbox) -> None:
    backswing._scheduler.scheduler._process_jobs = die
    backswing._scheduler.scheduler.wakeup()


def kill_the_event_batcher(backswing: Application, slack: Sandbox) -> None:
    backswing._batcher._handle_batch = die  # type: ignore[assignment]
    ana = slack.add_person("ana")
    slack.say(ana.id, slack.add_channel("help", ana).id, "hello")


def kill_the_search_thread(backswing: Application, slack: Sandbox) -> None:
    backswing._follower.follow = die  # type: ignore[method-assign]


def kill_the_socket_thread(backswing: Application, slack: Sandbox) -> None:
    assert backswing._socket is not None
    backswing._socket._on_message = die  # type: ignore[method-assign, assignment]
    # The client is connected a moment before the server lists it.
    while not slack.sockets.connections:
        time.sleep(0.01)
    slack.sockets.disconnect("warning")


def disable_socket_mode(backswing: Application, slack: Sandbox) -> None:
    slack.sockets.disconnect("link_disabled")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("do", "reason"),
    [
        (kill_an_outbox_worker, "The thread that sends messages has ended"),
        (kill_the_scheduler, "starts jobs has ended"),
        (kill_the_event_batcher, "commits events has ended"),
        (kill_the_search_thread, "for the search has ended"),
        (kill_the_socket_thread, "listens to Slack has ended"),
        (disable_socket_mode, "Socket Mode is off"),
    ],
)
@pytest.mark.deep
def test_a_dead_part_ends_the_process_with_a_reason(
    slack: Sandbox,
    backswing: Application,
    do: Callable[[Application, Sandbox], None],
    reason: str,
    capsys: pytest.CaptureFixture[str],
):
    def begin() -> None:
        threading.Thread(target=do, args=(backswing, slack)).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert backswing.run(begin, [listening]) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.deep
def test_a_check_that_fails_ends_the_process_as_nothing_is_watched_then(
    backswing: Application,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def fail(_: Watchdog) -> bool:
        raise ValueError

    monkeypatch.setattr(Watchdog, "check", fail)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert backswing.run(lambda: None, [listening]) == 1
    assert "The watchdog has ended." in capsys.readouterr().err


@pytest.mark.deep
def test_the_start_records_the_version_that_writes_the_database(
    backswing: Application,
):
    with backswing.database.engine.connect() as connection:
        recorded = versions.last(connection)
    assert recorded is not None
    assert recorded[0] == version()


def serves(backswing: Application) -> int:
    def begin() -> None:
        pytest.fail("it must not say that it serves")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        return backswing.run(begin, [listening])


@pytest.mark.deep
def test_a_rejected_token_at_the_start_ends_it_before_it_serves(
    slack: Sandbox, backswing: Application, capsys: pytest.CaptureFixture[str]
):
    slack._tokens.app = "xapp-1-A0-another"
    assert serves(backswing) == 1
    assert "Slack does not accept SLACK_APP_TOKEN" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["cli.app.release_leases", "jobs.workspace.sync_channels"]
)
@pytest.mark.deep
def test_a_failing_database_at_the_start_ends_it_before_it_serves(
    backswing: Application,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def fail(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("words of somebody's"))

    monkeypatch.setattr(name, fail)
    assert serves(backswing) == 1
    output = capsys.readouterr().err
    assert "DATABASE_URL: the database can't be used (OperationalError)." in output
    assert "words" not in output


def test_a_part_may_be_unwell_for_its_grace_period():
    well = True
    reasons: list[str] = []
    part = WatchedPart(
        lambda: None if well else "away", "It is away.", max_down_seconds=3
    )
    watch = Watchdog([part], reasons.append)
    assert not watch.check()
    well = False
    assert [watch.check() for _ in range(3)] == [False] * 3
    well = True
    assert not watch.check()
    well = False
    assert [watch.check() for _ in range(4)] == [False, False, False, True]
    assert reasons == ["It is away."]
