"""The command line: its errors and its end."""

import errno
import json
import logging
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.exc import OperationalError

import app
from bot.config.settings import Settings
from bot.errors import SettingsError
from cli import app as cli_app
from cli import ports
from cli.sandbox import MANIFEST, STORY
from handlers.socket_mode import SOCKET_MODE_DISABLED
from sandbox import Sandbox
from tests import leak_markers
from tests.bot.config.test_settings import APP, BOT, GOOD, SIGNING, VARIABLES, WRONG

ROOT = Path(__file__).parent.parent
START = ROOT / "migrations" / "versions" / "2026-11-22_start.py"

Refuse = Callable[..., str]


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Refuse]:
    """Run the command line with these variables; return its error."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    # Another program on this machine may use the default port.
    monkeypatch.setenv("PORT", "0")
    loggers = [logging.getLogger(), *map(logging.getLogger, _configured())]
    levels = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    umask = os.umask(0o022)

    def refuse(*arguments: str, **variables: str) -> str:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert app.main(arguments) == 2
        out, output = capsys.readouterr()
        assert out == ""
        assert output.count("\n") == 1, "one line"
        assert leak_markers.find_in(output) == []
        return output

    yield refuse
    os.umask(umask)
    for logger, level, attached in levels:
        logger.setLevel(level)
        logger.handlers[:] = attached


def _configured() -> list[str]:
    return ["slack_sdk", "slack_bolt", "slack_bolt.App", "urllib3"]


# Errors


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("problem", WRONG)
def test_an_invalid_token_is_named(refused: Refuse, variable: str, problem: str):
    prefix = "" if variable == "SLACK_SIGNING_SECRET" else GOOD[variable][:5]
    value = WRONG[problem].format(prefix=prefix, good=GOOD[variable])
    output = refused(**GOOD | {variable: value})
    assert output.startswith(f"{variable} ")
    assert not value.strip() or value.strip() not in output


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"SLACK_BOT_TOKEN": BOT}, "SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": APP}, "SLACK_BOT_TOKEN"),
        ({"SLACK_SIGNING_SECRET": SIGNING}, "SLACK_BOT_TOKEN"),
    ],
)
def test_a_missing_setting_is_named(refused: Refuse, given, setting: str):
    output = refused(**given)
    assert output.startswith(f"{setting} is ")
    assert not any(value in output for value in given.values())


def test_an_invalid_setting_is_named_with_its_valid_values(refused: Refuse):
    output = refused(MENTORS__HOUR="noon")
    assert output == "MENTORS__HOUR must be a number from 0 to 23; it is “noon”.\n"


@pytest.mark.parametrize("command", [[], ["migrate"]])
@pytest.mark.parametrize(
    "url",
    [
        "",
        "not a URL",
        "mysql://user:s3cret@host/name",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://user:s3cret@127.0.0.1:1/name",
        "postgresql://user:s3cret@127.0.0.1:port/name",
    ],
)
def test_an_invalid_database_url_is_named_without_its_password(
    refused: Refuse, command: list[str], url: str
):
    output = refused(*command, **GOOD, DATABASE_URL=url)
    assert output.startswith("DATABASE_URL")
    assert "s3cret" not in output


@pytest.mark.parametrize("command", [[], ["migrate"]])
def test_a_file_that_is_no_database_is_refused(
    refused: Refuse, tmp_path: Path, command: list[str]
):
    file = tmp_path / "notes.txt"
    file.write_text("Some words that are dear to somebody. " * 100)
    output = refused(*command, **GOOD, DATABASE_URL=f"sqlite:///{file}")
    assert output.startswith("DATABASE_URL: the database can't be used")
    assert "restore a backup" in output
    assert file.read_text().startswith("Some words")


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["migrate"],
        ["export", "tables"],
        ["backup", "copy.db"],
        ["import", "export.zip"],
        ["sandbox", "--database", "sqlite:///newer.db"],
    ],
)
def test_a_database_of_a_newer_version_is_refused(
    refused: Refuse, tmp_path: Path, migrated_file: Path, command: list[str]
):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as export:
        for name in ("users.json", "channels.json"):
            export.writestr(name, "[]")
    before = {*tmp_path.iterdir(), tmp_path / "newer.db"}
    file = tmp_path / "newer.db"
    file.write_bytes(migrated_file.read_bytes())
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of-tomorrow'")
    connection.close()
    if command[:1] == ["sandbox"]:
        output = refused(*command, PORT="0", SANDBOX_PORT="0")
    else:
        output = refused(*command, **GOOD, DATABASE_URL=f"sqlite:///{file}")
    assert "made by a newer version" in output
    new_files = {
        path for path in {*tmp_path.iterdir()} - before if path.name[:5] != "newer"
    }
    assert new_files == set()


def test_tables_of_an_older_version_are_not_exported(
    refused: Refuse, tmp_path: Path, migrated_file: Path
):
    file = tmp_path / "older.db"
    file.write_bytes(migrated_file.read_bytes())
    first = re.search(r'^revision = "(\w+)"$', START.read_text(), re.MULTILINE)
    assert first
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", first.groups())
    connection.close()
    output = refused("export", "tables", DATABASE_URL=f"sqlite:///{file}")
    assert "from an older version" in output


def no_room(*_: object, **__: object) -> None:
    """Raise SQLite's error."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        connection.execute("CREATE TABLE t (x)")


def no_room_in_a_session(*_: object, **__: object) -> None:
    try:
        no_room()
    except sqlite3.OperationalError as error:
        raise OperationalError("INSERT", {}, error) from error


def no_room_for_a_file(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("name", "fails"),
    [
        ("bot.db.schema.upgrade", no_room_in_a_session),
        ("bot.db.schema.upgrade", no_room),
        ("bot.db.schema.upgrade", no_room_for_a_file),
        ("cli.app.install", no_room_in_a_session),
    ],
)
def test_a_full_disk_at_the_start_is_reported_in_a_sentence(
    refused: Refuse,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    fails: Callable[..., None],
):
    monkeypatch.setattr(name, fails)
    output = refused(**GOOD, PORT="0", DATABASE_URL="sqlite:///kept.db")
    assert output == ("DATABASE_URL: the disk is full. Free some space.\n")


def test_tokens_in_an_env_file_are_read(refused: Refuse, tmp_path: Path):
    (tmp_path / ".env").write_text(f"SLACK_BOT_TOKEN=xoxp-{BOT[5:]}\n")
    assert refused().startswith("SLACK_BOT_TOKEN is of the wrong kind")


def test_an_unknown_command_is_explained(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        app.main(["fly"])
    assert ended.value.code == 2
    assert "argument COMMAND: invalid choice: 'fly'" in capsys.readouterr().err


COMMANDS = ("sandbox", "doctor", "import", "migrate", "backup", "export")


@pytest.mark.parametrize("argument", ["--help", "--version", *COMMANDS])
def test_help_imports_nothing_else(argument: str):
    """Imports that take a second or two are left to the command that runs."""
    arguments = [argument] if argument.startswith("-") else [argument, "--help"]
    code = (
        "import sys, app\n"
        "try: app.main(sys.argv[1:])\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        "ours = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(ours & {'bot', 'jobs', 'handlers', 'sandbox', 'pydantic',"
        " 'sqlalchemy', 'yaml'}), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
    )
    assert ran.stderr == "[]\n"
    assert (
        "Backswing 0." if argument == "--version" else "usage: app.py"
    ) in ran.stdout


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        app.main(["--version"])
    assert capsys.readouterr().out == f"Backswing {cli_app.build_info()['version']}\n"


@pytest.mark.parametrize(
    ("given", "said_of_it"),
    [
        ({"SLACK_BOT_TOEKN": BOT}, "did you mean SLACK_BOT_TOKEN?"),
        ({"SLACKBOT_TOKEN": BOT}, "did you mean SLACK_BOT_TOKEN?"),
        ({"SLACK_SIGNING_SECERT": SIGNING}, "did you mean SLACK_SIGNING_SECRET?"),
        ({"SLACK_TOKEN_FILE": "/run/secrets/x"}, "did you mean SLACK_"),
        ({"SLACK_XYZZY": "1"}, "To try Backswing without Slack"),
        ({"DATABASE_URL": "postgresql://u:s3cret@host/name"}, "SLACK_BOT_TOKEN"),
        ({"DATABASE_URL": "sqlite:///data/backswing.db"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_API_URL": "https://slack-gov.com/api/"}, "SLACK_BOT_TOKEN"),
    ],
)
@pytest.mark.parametrize("location", ["environment", ".env"])
def test_incomplete_settings_of_a_real_workspace_start_no_sandbox(
    refused: Refuse,
    tmp_path: Path,
    location: str,
    given: dict[str, str],
    said_of_it: str,
):
    [(name, value)] = given.items()
    if location == ".env":
        (tmp_path / ".env").write_text(f"{name}={value}\n", encoding="utf-8")
        output = refused()
    else:
        output = refused(**given)
    assert output.startswith(f"{name} is ")
    assert said_of_it in output
    assert "`uv run app.py sandbox`" in output
    assert value not in output
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("given", "missing", "typed"),
    [
        (
            {"SLACK_BOT_TOEKN": BOT, "SLACK_APP_TOKEN": APP},
            "SLACK_BOT_TOKEN",
            "SLACK_BOT_TOEKN",
        ),
        (
            {"SLACK_BOT_TOKEN": BOT, "SLACK_APPTOKEN": APP},
            "SLACK_APP_TOKEN",
            "SLACK_APPTOKEN",
        ),
        (
            {"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRT": "0" * 32},
            "SLACK_SIGNING_SECRET",
            "SLACK_SIGNING_SECRT",
        ),
    ],
)
def test_the_misspelt_one_of_two_tokens_is_named(
    refused: Refuse, given: dict[str, str], missing: str, typed: str
):
    output = refused(**given)
    assert output.startswith(f"{missing} is missing, and {typed} is not a setting")


# Ports and addresses


@pytest.fixture
def used_port() -> Iterator[int]:
    """Listen on a port in this process."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("command", [[], ["sandbox"]])
def test_a_port_in_use_is_named_with_its_process(
    refused: Refuse, used_port: int, command: list[str]
):
    tokens = {} if command else GOOD
    output = refused(*command, **tokens, PORT=str(used_port), SANDBOX_PORT="0")
    assert output.startswith(f"PORT {used_port} is already used by ")
    if sys.platform == "linux":
        assert f"process {os.getpid()} (" in output


def test_the_page_stays_on_the_requested_port(refused: Refuse, used_port: int):
    output = refused("sandbox", SANDBOX_PORT=str(used_port), PORT="0")
    assert output.startswith(f"SANDBOX_PORT {used_port} is already used by ")


@pytest.mark.parametrize("command", [[], ["sandbox"]])
@pytest.mark.parametrize(
    "host", ["", " ", "no.such.host.invalid", "a..b", "192.0.2.1", "127.0.0.1:80"]
)
def test_an_invalid_host_is_named(refused: Refuse, host: str, command: list[str]):
    tokens = {} if command else GOOD
    output = refused(*command, **tokens, HOST=host, PORT="0", SANDBOX_PORT="0")
    assert output.startswith("HOST is ")
    assert host.strip() in output


def test_a_name_with_two_addresses_listens_on_one_port():
    with ports.listen("localhost", 0) as listening:
        for one in listening.sockets:
            address = one.getsockname()
            assert address[1] == listening.port
            socket.create_connection(address[:2], timeout=5).close()


def test_a_default_port_in_use_is_replaced_by_the_next_free_one(used_port: int):
    with ports.listen_near(
        "127.0.0.1", used_port, setting="PORT", is_fixed=False
    ) as near:
        assert near.port > used_port
    with pytest.raises(SettingsError, match=f"^PORT {used_port} is already used"):
        ports.listen_near("127.0.0.1", used_port, setting="PORT", is_fixed=True)


# A real process


class Process:
    """`app.py` as an operator starts it, without our environment."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        with (folder / "stderr").open("w") as stderr:
            self._running = subprocess.Popen(
                [sys.executable, str(ROOT / "app.py"), *arguments],
                cwd=folder,
                env={"PATH": os.environ["PATH"], "LOG_FORMAT": "json", **variables},
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self._folder = folder

    def wait_for(self, words: str) -> None:
        assert self._running.stdout is not None
        for line in self._running.stdout:
            if words in line:
                return
        pytest.fail(f"ended without {words!r}: {self.output()}")

    def wait_for_logs(self, words: str, times: int) -> None:
        end = time.monotonic() + 120
        while self.output().count(words) < times:
            assert time.monotonic() < end, self.output()
            time.sleep(0.05)

    def end(self, *, by: signal.Signals | None = None) -> int:
        if by is not None:
            self._running.send_signal(by)
        self.printed, _ = self._running.communicate(timeout=60)
        assert leak_markers.find_in(self.printed + self.output()) == []
        return self._running.returncode

    def output(self) -> str:
        return (self._folder / "stderr").read_text()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def run(*arguments: str, folder: Path | None = None, **variables: str) -> Process:
        if folder is None:
            folder = tmp_path / str(len(started))
            folder.mkdir()
        # Default ports, so those in use are no obstacle.
        if arguments[:1] != ("sandbox",):
            variables = {"PORT": "0", **variables}
        started.append(Process(folder, *arguments, **variables))
        return started[-1]

    yield run
    for process in started:
        process.end(by=signal.SIGKILL)


@pytest.fixture
def pretended() -> Iterator[Sandbox]:
    new_files = Sandbox(yaml.safe_load(MANIFEST.read_text()))
    new_files.start()
    yield new_files
    new_files.stop()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


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


def serving(start: Callable[..., Process], slack: Sandbox) -> Process:
    return start(
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_APP_TOKEN=slack.app_token,
        SLACK_API_URL=slack.api_url,
        DATABASE_URL="sqlite:///kept.db",
    )


def test_the_start_waits_for_slack(start: Callable[..., Process], pretended: Sandbox):
    for kind in ("ratelimited", "server_error", "truncated"):
        pretended.faults.add(kind, "auth.test", times=1, retry_after=1)
    pretended.faults.add("reset", "apps.connections.open", times=1)
    process = serving(start, pretended)
    process.wait_for_logs("waiting for Slack", times=3)
    process.wait_for_logs('"serving"', times=1)
    process.wait_for_logs('"connected"', times=1)
    assert process.end(by=signal.SIGTERM) == 0
    assert "Traceback" not in process.output()


def test_a_process_that_waits_for_slack_leaves_on_request(
    start: Callable[..., Process],
):
    process = start(
        **GOOD, SLACK_API_URL="http://127.0.0.1:9/", DATABASE_URL="sqlite:///kept.db"
    )
    process.wait_for_logs("waiting for Slack", times=1)
    assert process.end(by=signal.SIGTERM) == 0
    assert "serving" not in process.output()


def test_a_process_that_can_not_go_on_exits_with_1_and_the_reason(
    start: Callable[..., Process], pretended: Sandbox
):
    process = serving(start, pretended)
    process.wait_for_logs('"connected"', times=1)
    pretended.sockets.disconnect("link_disabled")
    assert process.end() == 1
    assert process.output().splitlines()[-1] == SOCKET_MODE_DISABLED


def words(story: dict[str, Any]) -> set[str]:
    """Return the story's words, except commands for the bot."""
    output = set()
    for step in story["steps"]:
        output |= {step.get(key, "") for key in ("types", "with", "says")}
        filled = step.get("submits", {}).values()
        output |= {value for value in filled if isinstance(value, str)}
    # Commands and names may be logged.
    return {re.sub(r"^([/@]\S+ )+", "", text) for text in output if len(text) > 20}


def test_the_story_leaves_no_text_and_no_secret_in_the_logs(
    start: Callable[..., Process],
):
    process = start("sandbox", LOG_LEVEL="DEBUG")
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


def test_ctrl_c_ends_with_a_line_and_no_trace(start: Callable[..., Process]):
    process = start("sandbox")
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


# The machine's own zone


@pytest.mark.parametrize("zone", ["UTC+3", ":Nowhere/Nothing", "/etc/passwd", "\\x"])
def test_an_unusual_zone_of_the_machine_is_no_obstacle(
    start: Callable[..., Process], zone: str
):
    process = start("sandbox", "--empty", TZ=zone)
    process.wait_for("Backswing is running")
    assert process.end(by=signal.SIGTERM) == 0


def test_nothing_uses_the_machines_own_zone():
    """An invalid /etc/localtime would break it, although Python ignores it."""
    code = (
        "import tzlocal\n"
        "def refuse(): raise LookupError('no such zone')\n"
        "tzlocal.get_localzone = refuse\n"
        "import cli.app, cli.sandbox, cli.doctor\n"
        "from jobs import JOBS\n"
        "from jobs.scheduler import ScheduledJob, Scheduler\n"
        "jobs = [ScheduledJob(job.name, print, job.every) for job in JOBS]\n"
        "scheduler = Scheduler(jobs, print)\n"
        "scheduler.start()\n"
        "scheduler.stop(60)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# Backups


def backup(start: Callable[..., Process], file: Path, url: str) -> Process:
    return start("backup", str(file), DATABASE_URL=url)


def test_a_copy_made_while_the_bot_runs_can_be_restored_as_documented(
    start: Callable[..., Process], tmp_path: Path
):
    database_file = tmp_path / "data" / "backswing.db"
    url = f"sqlite:///{database_file}"
    bot = start("sandbox", "--database", url)
    bot.wait_for("Backswing is running")
    bot.wait_for_logs('"kind": "ask.post"', times=1)
    copy = tmp_path / "copy.db"
    new_files = backup(start, copy, url)
    assert new_files.end() == 0, new_files.output()
    assert mode(copy) == 0o600
    assert bot.end(by=signal.SIGTERM) == 0
    held = sqlite3.connect(copy)
    asks = held.execute("SELECT source FROM asks ORDER BY id").fetchall()
    held.close()
    assert asks

    database_file.write_bytes(b"broken")
    page = (ROOT / "docs" / "operate" / "backup.md").read_text()
    lines = re.findall(r"^(rm -f data/.*|install -m .*)$", page, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        words = line.replace("FILE", str(copy)).split()
        subprocess.run(words, cwd=tmp_path, check=True)
    assert mode(database_file) == 0o600
    again = start("migrate", DATABASE_URL=url)
    assert again.end() == 0, again.output()
    restored = sqlite3.connect(database_file)
    assert restored.execute("SELECT source FROM asks ORDER BY id").fetchall() == asks
    assert restored.execute("PRAGMA foreign_key_check").fetchall() == []
    restored.close()


def test_a_copy_overwrites_nothing(
    refused: Refuse, tmp_path: Path, migrated_file: Path
):
    target_file = tmp_path / "there.db"
    target_file.write_text("dear to somebody")
    output = refused(
        "backup", str(target_file), DATABASE_URL=f"sqlite:///{migrated_file}"
    )
    assert "already exists" in output
    assert target_file.read_text() == "dear to somebody"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///missing.db", "nothing to copy"),
        ("postgresql://user:s3cret@host/name", "pg_dump"),
        ("not a URL", "not a valid address"),
    ],
)
def test_a_missing_database_is_reported(
    refused: Refuse, tmp_path: Path, url: str, reason: str
):
    output = refused("backup", str(tmp_path / "copy.db"), DATABASE_URL=url)
    assert reason in output
    assert "s3cret" not in output
    assert list(tmp_path.glob("copy*")) == []


def test_a_file_that_is_no_database_leaves_no_copy(refused: Refuse, tmp_path: Path):
    notes = tmp_path / "notes.txt"
    notes.write_text("Some words. " * 500)
    output = refused(
        "backup", str(tmp_path / "copy.db"), DATABASE_URL=f"sqlite:///{notes}"
    )
    assert "failed" in output
    assert list(tmp_path.glob("copy*")) == []
