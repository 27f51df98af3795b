"""The program as a process, and its output."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import leak_markers

ROOT = Path(__file__).parent.parent
Refuse = Callable[..., str]


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


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def words(story: dict[str, Any]) -> set[str]:
    """Return the story's words, except commands for the bot."""
    output = set()
    for step in story["steps"]:
        output |= {step.get(key, "") for key in ("types", "with", "says")}
        filled = step.get("submits", {}).values()
        output |= {value for value in filled if isinstance(value, str)}
    # Commands and names may be logged.
    return {re.sub(r"^([/@]\S+ )+", "", text) for text in output if len(text) > 20}
