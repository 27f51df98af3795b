"""The systemd unit, the image and the Compose file in the docs match the program."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from bot.config.settings import Settings
from bot.db import engine
from cli.exit import EXIT_TIMEOUT_SECONDS
from cli.server import GRACE_SECONDS
from cli.watchdog import CHECK_SECONDS
from tests.docs import DOCS, ROOT
from tests.ports import free_port

INSTALL = DOCS / "operate" / "install.md"
COMPANY = (DOCS / "operate" / "company.md").read_text()
CONTAINERS = (DOCS / "operate" / "containers.md").read_text()
DOCKERFILE = re.sub(r"\\\n *", "", (ROOT / "deploy" / "Dockerfile").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


def copied() -> list[str]:
    """Return the files and folders that the image copies from the clone."""
    copies = [line for line in instructions("COPY") if not line.startswith("--from")]
    return [source for line in copies for source in line.split()[:-1]]


def environment() -> dict[str, str]:
    [line] = instructions("ENV")
    return dict(pair.split("=", 1) for pair in line.split())


def run(
    command: list[str], folder: Path, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the image, with this Python, and this folder as its own."""
    assert command[0] == "python"
    [_, own] = instructions("WORKDIR")
    variables = {
        name: value.replace(own, str(folder)) for name, value in environment().items()
    }
    return subprocess.run(
        [sys.executable, *command[1:]],
        check=False,
        cwd=folder,
        env=variables | env,
        capture_output=True,
        text=True,
    )


UNIT = ROOT / "deploy" / "backswing.service"
ANALYZE = shutil.which("systemd-analyze") or ""
needs_systemd = pytest.mark.skipif(not ANALYZE, reason="systemd is not installed")


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ANALYZE, *arguments], check=False, capture_output=True, text=True
    )


class Unit(dict[str, list[str]]):
    """The lines of a unit by their names, which may repeat."""

    def __init__(self, text: str) -> None:
        super().__init__()
        for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
            self.setdefault(name, []).append(value)

    def only(self, name: str) -> str:
        [value] = self[name]
        return value


def test_the_unit_for_systemd_starts_the_program_and_lets_it_write_its_data():
    unit = Unit(UNIT.read_text())
    folder = unit.only("WorkingDirectory")
    assert unit.only("ExecStart") == f"{folder}/.venv/bin/python app.py"
    assert unit.only("ReadWritePaths") == f"{folder}/data"
    # The exit code of app.py for a missing or wrong setting.
    assert unit.only("RestartPreventExitStatus") == "2"
    for page in (INSTALL.read_text(), COMPANY):
        assert f"sudo -u {unit.only('User')} mkdir -m 700 {folder}/data" in page


def test_the_page_for_a_company_writes_the_manifest_for_http(tmp_path: Path):
    [commands] = re.findall(r"^```\n(url=.*?)^```$", COMPANY, re.DOTALL | re.MULTILINE)
    shutil.copy(ROOT / "manifest.yml", tmp_path)
    bash = shutil.which("bash") or ""
    subprocess.run([bash, "-ec", commands], check=True, cwd=tmp_path)
    url = "https://backswing.example.org/slack/events"
    expected = yaml.safe_load((ROOT / "manifest.yml").read_text())
    expected["settings"]["socket_mode_enabled"] = False
    for name in ("event_subscriptions", "interactivity"):
        expected["settings"][name]["request_url"] = url
    for each in expected["features"]["slash_commands"]:
        each["url"] = url
    written = yaml.safe_load((tmp_path / "manifest.http.yml").read_text())
    assert written == expected


def test_the_page_for_a_company_makes_the_units_of_socket_mode_and_http(tmp_path: Path):
    edits = re.findall(r"-e '(s/[^']+)'", COMPANY)
    text = UNIT.read_text()
    for edit in edits:
        sed = shutil.which("sed") or ""
        text = subprocess.run(
            [sed, "-e", edit], check=True, input=text, capture_output=True, text=True
        ).stdout
    loaded = Unit(text)["LoadCredential"]
    names = [each.partition(":")[0] for each in loaded]
    assert names == ["slack_bot_token", "slack_signing_secret", "database_url"]
    assert loaded == [f"{name}:/etc/backswing/{name}" for name in names]
    assert f"up to {engine.MAX_CONNECTIONS} connections" in COMPANY


def test_the_unit_hands_secrets_in_as_settings_and_none_in_the_environment():
    text = UNIT.read_text()
    assert {"Environment", "EnvironmentFile"}.isdisjoint(Unit(text))
    # Those in comments, too.
    credentials = re.findall(r"^#?LoadCredential=(\w+):(.+)$", text, re.MULTILINE)
    assert {name for name, _ in credentials} <= set(Settings.model_fields)
    for name, path in credentials:
        assert path == f"/etc/backswing/{name}"
    for page in (INSTALL.read_text(), COMPANY):
        assert "cat > /etc/backswing/slack_bot_token" in page


def test_the_unit_hears_from_the_program_more_often_than_it_must():
    unit = Unit(UNIT.read_text())
    assert unit.only("Type") == "notify"
    assert float(unit.only("WatchdogSec")) >= 10 * CHECK_SECONDS
    # Slack may be away at the start for as long as it likes.
    assert unit.only("TimeoutStartSec") == "infinity"
    assert float(unit.only("TimeoutStopSec")) > 2 * GRACE_SECONDS + EXIT_TIMEOUT_SECONDS


@pytest.fixture
def unit_here(tmp_path: Path) -> Path:
    """The unit, with this machine's Python and folders: they must exist."""
    unit = Unit(UNIT.read_text())
    text = UNIT.read_text()
    for old, new in (
        (f"{unit.only('WorkingDirectory')}/.venv/bin/python", sys.executable),
        (unit.only("WorkingDirectory"), str(tmp_path)),
    ):
        text = text.replace(old, new)
    (tmp_path / "docs" / "operate").mkdir(parents=True)
    (tmp_path / "docs" / "operate" / INSTALL.name).touch()
    file = tmp_path / UNIT.name
    file.write_text(text)
    return file


@needs_systemd
def test_systemd_understands_each_line_of_the_unit(unit_here: Path):
    found = analyze("verify", "--man=no", str(unit_here))
    ours = [line for line in found.stderr.splitlines() if UNIT.name in line]
    assert (found.returncode, ours) == (0, [])


@needs_systemd
def test_systemd_notices_a_misspelt_line_of_the_unit(unit_here: Path):
    unit_here.write_text(unit_here.read_text().replace("PrivateTmp", "PrivatTmp"))
    found = analyze("verify", "--man=no", str(unit_here))
    assert "PrivatTmp" in found.stderr


@needs_systemd
def test_systemd_rates_the_unit_as_well_closed(unit_here: Path):
    """From 100, which is unsafe, to 0."""
    rated = analyze("security", "--offline=true", "--threshold=15", str(unit_here))
    assert rated.returncode == 0, rated.stdout


def test_the_image_has_each_package_of_the_program():
    packages = {
        *PROJECT["importlinter"]["root_packages"],
        Path(PROJECT["alembic"]["script_location"]).name,
    }
    assert packages <= set(copied())
    assert [name for name in copied() if not (ROOT / name).exists()] == []


def test_no_secret_and_no_data_is_sent_to_the_builder():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", "data", "secrets"} <= set(ignored)
    assert not set(ignored) & {name.split("/")[0] for name in copied()}


@pytest.mark.deep
def test_the_images_files_are_enough_for_the_program(tmp_path: Path):
    for name in copied():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy(source, tmp_path)
    (tmp_path / "secrets").mkdir()
    [entrypoint] = map(json.loads, instructions("ENTRYPOINT"))
    migrated = run([*entrypoint, "migrate"], tmp_path)
    assert migrated.returncode == 0, migrated.stderr
    [volume] = instructions("VOLUME")
    data = tmp_path / Path(volume).relative_to(instructions("WORKDIR")[-1])
    assert (data / "backswing.db").exists()
    # The sandbox would start here, on a page that nobody can reach.
    started = run(entrypoint, tmp_path)
    assert started.returncode == 2
    assert started.stderr.startswith("SECRETS_DIR is set, but no token is.")


@contextmanager
def server(status: int) -> Iterator[int]:
    """Respond to /readyz with this status, and to other paths with 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield listening.server_port
        finally:
            listening.shutdown()
            thread.join()


def health_check(port: int) -> int:
    [line] = instructions("HEALTHCHECK")
    command = json.loads(line.partition("CMD ")[2])
    return run(command, ROOT, PORT=str(port)).returncode


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_image_is_healthy_while_the_bot_says_that_it_is_ready(
    status: int, code: int
):
    with server(status) as port:
        assert health_check(port) == code


def test_an_image_without_a_server_is_unhealthy():
    assert health_check(free_port()) == 1


def test_the_image_is_not_run_by_root_and_stops_as_the_bot_does():
    [user] = instructions("USER")
    assert int(user) > 0
    assert f"--uid {user} " in DOCKERFILE
    assert instructions("STOPSIGNAL") == ["SIGTERM"]


def test_the_images_folders_for_data_and_secrets_exist_before_anything_is_mounted():
    [made] = [line for line in instructions("RUN") if line.startswith("useradd")]
    own = instructions("WORKDIR")[-1]
    [volume] = instructions("VOLUME")
    for folder in (volume, environment()["SECRETS_DIR"]):
        assert re.search(
            rf"install --directory [^&]*{Path(folder).relative_to(own)}\b", made
        )
    # On a disk, unlike /tmp in the Compose files.
    assert environment()["SQLITE_TMPDIR"] == volume


# Compose files


COMPOSE = ("compose.yaml", "compose.postgresql.yaml")


def compose(file: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / file).read_text())
    return read


@pytest.mark.parametrize("file", COMPOSE)
def test_the_compose_files_build_and_run_the_image(file: str):
    bot = compose(file)["services"]["backswing"]
    build = bot["build"]
    context = (ROOT / "deploy" / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).exists()
    [port] = bot["ports"]
    # No other machine can reach it.
    assert port == f"127.0.0.1:{environment()['PORT']}:{environment()['PORT']}"
    assert [volume.partition(":")[2] for volume in bot["volumes"]] == instructions(
        "VOLUME"
    )
    stop_seconds = float(bot["stop_grace_period"].removesuffix("s"))
    assert stop_seconds > 2 * GRACE_SECONDS + EXIT_TIMEOUT_SECONDS
    assert f"docker compose --file deploy/{file} " in CONTAINERS


def test_the_page_copies_files_out_of_the_container_by_their_whole_path():
    """`docker compose cp` does not know the folder that commands run in."""
    [volume] = instructions("VOLUME")
    paths = re.findall(r" cp backswing:(\S+)", CONTAINERS)
    assert paths
    assert [path for path in paths if not path.startswith(f"{volume}/")] == []


@pytest.mark.parametrize("file", COMPOSE)
def test_the_compose_files_let_the_bot_write_only_its_data(file: str):
    bot = compose(file)["services"]["backswing"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert bot["security_opt"] == ["no-new-privileges:true"]
    assert bot["tmpfs"] == ["/tmp"]  # noqa: S108 - a folder of the container's own


@pytest.mark.parametrize("file", COMPOSE)
def test_the_compose_files_hand_secrets_in_as_files(file: str):
    whole = compose(file)
    bot = whole["services"]["backswing"]
    assert bot["environment"] == {"SECRETS_DIR": "/run/secrets"}
    assert set(bot["secrets"]) <= set(Settings.model_fields)
    used = {
        name for service in whole["services"].values() for name in service["secrets"]
    }
    assert whole["secrets"] == {
        name: {"file": f"../secrets/{name}"} for name in whole["secrets"]
    }
    assert used == set(whole["secrets"])
    for name in used:
        assert f"secrets/{name}" in CONTAINERS


def test_the_database_of_the_compose_file_is_the_one_of_its_address():
    database = compose("compose.postgresql.yaml")["services"]["db"]
    [url] = re.findall(r"postgresql://[^' ]+%s[^' ]+", CONTAINERS)
    address = engine.parse_url(url % "S3cret")
    user = database["environment"]["POSTGRES_USER"]
    # By default PostgreSQL's database has the name of its user.
    assert (address.host, address.username, address.database) == ("db", user, user)
    # Not by its socket, which PostgreSQL opens for a while to make the database.
    check = f"pg_isready --host localhost --username {user}"
    assert database["healthcheck"]["test"] == check
    password = Path(database["environment"]["POSTGRES_PASSWORD_FILE"])
    assert [password.name] == database["secrets"]
