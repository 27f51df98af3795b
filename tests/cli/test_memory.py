"""Free memory goes back to the system, where the C library can be told so."""

import ctypes
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from cli.memory import return_free_memory

# A large block is freed first, after which glibc would keep twice as much.
PROGRAM = """
import re
from cli.memory import return_free_memory

def megabytes():
    with open("/proc/self/status") as status:
        return int(re.search(r"RssAnon:\\s+(\\d+)", status.read())[1]) / 1024

bytearray(8 * 2**20)
return_free_memory()
before = megabytes()
blocks = [bytearray(100_000) for _ in range(100)]
assert megabytes() - before > 8
del blocks
print(megabytes() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's thresholds")
def test_what_is_freed_goes_back_to_the_system() -> None:
    program = [sys.executable, "-c", PROGRAM]
    kept = subprocess.run(program, check=True, capture_output=True, text=True)
    assert float(kept.stdout) < 2


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    return_free_memory()


def test_another_system_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: None) -> None:
        raise AssertionError("there may be no such library")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "CDLL", fail)
    return_free_memory()
