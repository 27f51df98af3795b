"""systemd hears that the bot serves, works and ends, and reads its secrets."""

import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cli.manifest import manifest
from cli.systemd import READY, STOPPING, WATCHDOG, Systemd, status
from cli.watchdog import Watchdog, WatchedPart
from handlers.socket_mode import SOCKET_MODE_DISABLED
from sandbox import Sandbox
from tests.program import Process


class Manager:
    """systemd's end of the socket."""

    def __init__(self, folder: Path, name: str = "") -> None:
        # The path of a socket must be short.
        self.address = name or str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(name.replace("@", "\0") or self.address)
        self._socket.settimeout(60)

    def receive(self) -> list[str]:
        return self._socket.recv(4096).decode().splitlines()

    def wait_for(self, assignment: str) -> list[list[str]]:
        """Return what came before the assignment, and with it."""
        received = [self.receive()]
        while assignment not in received[-1]:
            received.append(self.receive())
        return received

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as path:
        yield Path(path)


@pytest.fixture
def manager(folder: Path) -> Iterator[Manager]:
    listening = Manager(folder)
    yield listening
    listening.close()


@pytest.fixture
def pretended() -> Iterator[Sandbox]:
    slack = Sandbox(manifest())
    slack.start()
    yield slack
    slack.stop()


def test_a_message_has_a_line_for_each_assignment(manager: Manager):
    Systemd(manager.address).notify(READY, status("Serving\n(http)"))
    assert manager.receive() == ["READY=1", "STATUS=Serving (http)"]


def test_an_abstract_socket_is_reached(folder: Path):
    manager = Manager(folder, name=f"@backswing-{folder.name}")
    Systemd(manager.address).notify(READY)
    assert manager.receive() == ["READY=1"]
    manager.close()


@pytest.mark.parametrize("address", [None, ""])
def test_without_systemd_nothing_is_sent(
    address: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr(socket, "socket")
    Systemd(address).notify(READY)


def test_a_socket_that_is_not_there_is_logged_once(
    folder: Path, caplog: pytest.LogCaptureFixture
):
    systemd = Systemd(str(folder / "absent"))
    for _ in range(3):
        systemd.notify(WATCHDOG)
    assert [record.message for record in caplog.records] == ["systemd not notified"]


def test_the_watchdog_is_fed_only_while_every_part_is_well_or_may_recover():
    problem: str | None = None
    fed: list[str] = []
    reasons: list[str] = []
    part = WatchedPart(lambda: problem, "It is away.", max_down_seconds=1)
    watch = Watchdog([part], reasons.append, on_alive=lambda: fed.append(WATCHDOG))
    watch.check()
    problem = "away"
    watch.check()
    assert (len(fed), reasons) == (2, [])
    watch.check()
    assert (len(fed), reasons) == (2, ["It is away."])


def credentials(folder: Path, **values: str) -> str:
    """Write files as systemd does for `LoadCredential=`."""
    path = folder / "credentials"
    path.mkdir(mode=0o700)
    for name, value in values.items():
        (path / name).write_text(f"{value}\n")
        (path / name).chmod(0o400)
    return str(path)


@pytest.mark.deep
def test_the_program_reports_from_its_start_to_its_end(
    start: Callable[..., Process], manager: Manager, pretended: Sandbox, folder: Path
):
    """No token is in the environment, as with the unit in deploy/."""
    pretended.faults.add("server_error", "auth.test", times=1)
    process = start(
        CREDENTIALS_DIRECTORY=credentials(
            folder,
            slack_bot_token=pretended.bot_token,
            slack_app_token=pretended.app_token,
        ),
        SLACK_API_URL=pretended.api_url,
        DATABASE_URL="sqlite:///kept.db",
        NOTIFY_SOCKET=manager.address,
    )
    before = manager.wait_for(READY)
    assert before[0][0].startswith("STATUS=Waiting for Slack")
    assert before[-1] == [READY, "STATUS=Serving (socket)"]
    for _ in range(2):
        assert manager.receive() == [WATCHDOG]
    assert process.end(by=signal.SIGTERM) == 0
    assert manager.wait_for(STOPPING)[-1] == [STOPPING]


@pytest.mark.deep
def test_the_reason_for_the_end_is_the_last_status(
    start: Callable[..., Process], manager: Manager, pretended: Sandbox
):
    process = start(
        SLACK_BOT_TOKEN=pretended.bot_token,
        SLACK_APP_TOKEN=pretended.app_token,
        SLACK_API_URL=pretended.api_url,
        DATABASE_URL="sqlite:///kept.db",
        NOTIFY_SOCKET=manager.address,
    )
    manager.wait_for(WATCHDOG)
    pretended.sockets.disconnect("link_disabled")
    assert process.end() == 1
    reported = manager.wait_for(STOPPING)
    assert [status(SOCKET_MODE_DISABLED)] in reported
