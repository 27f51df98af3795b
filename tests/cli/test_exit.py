"""A process ends even if one of its threads does not."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

HANGS = """
import sys, threading, concurrent.futures
from cli.exit import exit_soon
pool = concurrent.futures.ThreadPoolExecutor(1)
pool.submit(threading.Event().wait)
try:
    sys.exit({code!r})
except SystemExit as ended:
    exit_soon(ended.code, seconds=0.1)
    raise
"""


@pytest.mark.parametrize(("code", "number"), [(0, 0), (1, 1), (None, 0), ("why", 1)])
def test_a_hanging_thread_does_not_keep_the_process(code: object, number: int):
    ran = subprocess.run(
        [sys.executable, "-c", HANGS.format(code=code)],
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert ran.returncode == number
