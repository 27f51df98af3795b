"""Processes to measure: the bot, run by `app.py`, and a bare Bolt app."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.events import SIGNING_SECRET

ROOT = Path(__file__).resolve().parent.parent
_START_TIMEOUT = 120
_HTTP = {"SLACK_SIGNING_SECRET": SIGNING_SECRET}
_SOCKET = {"SLACK_APP_TOKEN": "xapp-1-A0-0123456789-not-a-token"}


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int
    # From the start of the process until it is ready.
    start_seconds: float

    def memory_megabytes(self) -> float:
        """Return the resident memory in megabytes, from Linux."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        match = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
        return int(match[1]) / 1024 if match else float("nan")

    def processor_seconds(self) -> float:
        """Return the processor time so far in seconds, from Linux."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def backswing(
    scratch: Path, database_url: str, slack_url: str, *, over_socket: bool = False
) -> AsyncIterator[Server]:
    port = _free_port()
    settings = {
        "SLACK_BOT_TOKEN": "xoxb-0123456789-not-a-token",
        **(_SOCKET if over_socket else _HTTP),
        "SLACK_API_URL": slack_url,
        "DATABASE_URL": database_url,
        "PORT": str(port),
    }
    async with _running_server(
        scratch, port, str(ROOT / "app.py"), **settings
    ) as server:
        yield server


@asynccontextmanager
async def many_workspaces(
    scratch: Path, database_url: str, slack_url: str, token_key: str
) -> AsyncIterator[Server]:
    """Start the bot for all workspaces that the database has a token of."""
    port = _free_port()
    settings = {
        "SLACK_OAUTH_CLIENT_ID": "1.2",
        "SLACK_OAUTH_CLIENT_SECRET": SIGNING_SECRET,
        "PUBLIC_URL": "https://bot.example.com",
        "TOKEN_KEY": token_key,
        **_HTTP,
        "SLACK_API_URL": slack_url,
        "DATABASE_URL": database_url,
        "PORT": str(port),
    }
    async with _running_server(
        scratch, port, str(ROOT / "app.py"), **settings
    ) as server:
        yield server


@asynccontextmanager
async def bare_bolt(scratch: Path) -> AsyncIterator[Server]:
    port = _free_port()
    here = {"PYTHONPATH": str(ROOT)}
    async with _running_server(
        scratch, port, "-m", "benchmarks.bare_bolt", str(port), **here
    ) as server:
        yield server


@asynccontextmanager
async def _running_server(
    scratch: Path, port: int, *command: str, **settings: str
) -> AsyncIterator[Server]:
    began = time.perf_counter()
    with (scratch / "server.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            # Outside the project, so that no `.env` is read.
            cwd=scratch,
            env=_environment(scratch, settings),
            stderr=log,
        )
    try:
        async with asyncio.timeout(_START_TIMEOUT):
            while not await _is_ready(port):
                if process.returncode is not None:
                    raise RuntimeError((scratch / "server.log").read_text()[-2000:])
                await asyncio.sleep(0.01)
        yield Server(port, process.pid, time.perf_counter() - began)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


def _environment(scratch: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return our environment, with compiled modules cached as is Python's default."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, "PYTHONPYCACHEPREFIX": str(scratch / "compiled"), **settings}


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET /readyz HTTP/1.1\r\nHost: ready\r\nConnection: close\r\n\r\n"
        )
        answer = await reader.read()
    except OSError:
        return False
    writer.close()
    return answer.startswith(b"HTTP/1.1 200 ")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
