"""The machine's own time zone."""

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.program import ROOT, Process


@pytest.mark.deep
@pytest.mark.parametrize(
    "zone",
    [
        "/etc/passwd",
        # Each has the same result in the libraries: no zone is found.
        *(
            pytest.param(zone, marks=pytest.mark.exhaustive)
            for zone in ("UTC+3", ":Nowhere/Nothing", "\\x")
        ),
    ],
)
def test_an_unusual_zone_of_the_machine_is_no_obstacle(
    start: Callable[..., Process], zone: str
):
    process = start("sandbox", "--empty", "--database", "sqlite:///kept.db", TZ=zone)
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
