"""The systemd unit, the image and the Compose file in the docs match the program."""

import configparser
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
from tests.docs import DOCS, ROOT
from tests.ports import free_port

DEPLOY = (DOCS / "operate" / "deploy.md").read_text()
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
    """Run a command of the image, with this Python and in this folder."""
    assert command[0] == "python"
    return subprocess.run(
        [sys.executable, *command[1:]],
        check=False,
        cwd=folder,
        env=environment() | env,
        capture_output=True,
        text=True,
    )


def test_the_unit_for_systemd_starts_the_program_and_lets_it_write_its_data():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(ROOT / "deploy" / "backswing.service")
    service = unit["Service"]
    folder = service["WorkingDirectory"]
    assert service["ExecStart"] == f"{folder}/.venv/bin/python app.py"
    assert service["ReadWritePaths"] == f"{folder}/data"
    # The exit code of app.py for a missing or wrong setting.
    assert service["RestartPreventExitStatus"] == "2"
    assert f"sudo -u {service['User']} mkdir -m 700 {folder}/data" in DEPLOY


def test_the_image_has_each_package_of_the_program():
    packages = {
        *PROJECT["importlinter"]["root_packages"],
        Path(PROJECT["alembic"]["script_location"]).name,
    }
    assert packages <= set(copied())
    assert [name for name in copied() if not (ROOT / name).exists()] == []


def test_no_secret_and_no_data_is_sent_to_the_builder():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", "data"} <= set(ignored)
    assert not set(ignored) & {name.split("/")[0] for name in copied()}


def test_the_images_files_are_enough_for_the_program(tmp_path: Path):
    for name in copied():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy(source, tmp_path)
    [entrypoint] = map(json.loads, instructions("ENTRYPOINT"))
    migrated = run([*entrypoint, "migrate"], tmp_path)
    assert migrated.returncode == 0, migrated.stderr
    [volume] = instructions("VOLUME")
    data = tmp_path / Path(volume).relative_to(instructions("WORKDIR")[-1])
    assert (data / "backswing.db").exists()
    # The sandbox would start here, on a page that nobody can reach.
    started = run(entrypoint, tmp_path)
    assert started.returncode == 2
    assert "SLACK_BOT_TOKEN" in started.stderr


@contextmanager
def server(status: int) -> Iterator[int]:
    """Respond to /healthz with this status, and to other paths with 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
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
def test_the_image_is_as_healthy_as_the_bot_says(status: int, code: int):
    with server(status) as port:
        assert health_check(port) == code


def test_an_image_without_a_server_is_unhealthy():
    assert health_check(free_port()) == 1


def test_the_image_is_not_run_by_root_and_stops_as_the_bot_does():
    [user] = instructions("USER")
    assert int(user) > 0
    assert f"--uid {user} " in DOCKERFILE
    assert instructions("STOPSIGNAL") == ["SIGTERM"]


def test_the_compose_file_of_the_docs_fits_the_image_and_the_settings():
    [text] = re.findall(r"```yaml\n(.+?)```", DEPLOY, re.DOTALL)
    services = yaml.safe_load(text)["services"]
    bot, database = services["backswing"], services["db"]
    assert (ROOT / bot["build"]["dockerfile"]).exists()
    assert {name.lower() for name in bot["environment"]} <= set(Settings.model_fields)
    [port] = bot["ports"]
    assert port.endswith(f":{environment()['PORT']}")
    # Compose fills in the variable.
    url = re.sub(
        r"\$\{(\w+):\?\}", lambda found: "S3cret", bot["environment"]["DATABASE_URL"]
    )
    address = engine.parse_url(url)
    user = database["environment"]["POSTGRES_USER"]
    # By default PostgreSQL's database has the name of its user.
    assert (address.host, address.username, address.database) == ("db", user, user)
