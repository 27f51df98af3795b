"""Starts of the program, in this process and in another."""

import logging
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import app
from bot.config.settings import Settings
from tests import leak_markers
from tests.program import Process, Refuse

# Their levels and handlers change at a start.
LOGGERS = ("slack_sdk", "slack_bolt", "slack_bolt.App", "urllib3")


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
    loggers = [logging.getLogger(), *map(logging.getLogger, LOGGERS)]
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


@pytest.fixture
def start(tmp_path: Path, migrated_file: Path) -> Iterator[Callable[..., Process]]:
    """Start the program in folders with a file of all tables, `kept.db`.

    To create the tables takes half of a start.
    """
    started: list[Process] = []

    def run(*arguments: str, folder: Path | None = None, **variables: str) -> Process:
        if folder is None:
            folder = tmp_path / str(len(started))
            folder.mkdir()
            shutil.copy(migrated_file, folder / "kept.db")
        # Default ports, so those in use are no obstacle.
        if arguments[:1] != ("sandbox",):
            variables = {"PORT": "0", **variables}
        started.append(Process(folder, *arguments, **variables))
        return started[-1]

    yield run
    for process in started:
        process.end(by=signal.SIGKILL)
