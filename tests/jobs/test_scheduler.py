"""Jobs are run again and again, whatever happens to the system clock."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.clock import utc_now
from jobs.scheduler import ScheduledJob, Scheduler

OFTEN = timedelta(seconds=0.05)
HOUR = timedelta(hours=1)


class RecordedRuns:
    """The jobs that the scheduler says it ran."""

    def __init__(self) -> None:
        self._guard = threading.Condition()
        self.runs: list[tuple[str, str]] = []

    def __call__(self, job: str, outcome: str) -> None:
        with self._guard:
            self.runs.append((job, outcome))
            self._guard.notify_all()

    def await_runs(self, count: int) -> list[tuple[str, str]]:
        with self._guard:
            assert self._guard.wait_for(lambda: len(self.runs) >= count, 60)
            return list(self.runs)


def tick(name: str, run: Callable[[], None], every: timedelta = OFTEN) -> ScheduledJob:
    return ScheduledJob(name, run, every)


def test_each_job_runs_at_its_interval():
    heard = RecordedRuns()
    ticker = Scheduler(
        [tick("often", lambda: None), tick("rarely", lambda: None, HOUR)], heard
    )
    ticker.start()
    assert ticker.is_running
    assert heard.await_runs(5)[:5] == [("often", "done")] * 5
    ticker.stop(60)
    assert ("rarely", "done") not in heard.runs


def test_a_clock_that_is_set_back_stops_no_job():
    heard, set_back = RecordedRuns(), timedelta()
    ticker = Scheduler(
        [tick("job", lambda: None, HOUR)], heard, clock=lambda: utc_now() - set_back
    )
    ticker.start()
    # The job's next run is as if planned before the clock was set back.
    [job] = ticker.scheduler.get_jobs()
    job.modify(next_run_time=utc_now() + 3 * HOUR)
    set_back = 3 * HOUR
    heard.await_runs(1)
    [job] = ticker.scheduler.get_jobs()
    assert job.next_run_time <= utc_now() + HOUR
    ticker.stop(60)


def test_a_slow_job_delays_no_other_and_runs_once_at_a_time():
    heard, release, begun = RecordedRuns(), threading.Event(), []

    def wait() -> None:
        begun.append(1)
        assert release.wait(60)

    ticker = Scheduler([tick("long", wait), tick("short", lambda: None)], heard)
    ticker.start()
    assert set(heard.await_runs(5)) == {("short", "done")}
    assert begun == [1]
    ticker.stop(0.01)
    release.set()
    heard.await_runs(6)
    assert ("long", "done") in heard.runs


def test_missed_runs_are_one_run():
    heard = RecordedRuns()
    ticker = Scheduler([tick("job", lambda: None, HOUR)], heard)
    ticker.start()
    [job] = ticker.scheduler.get_jobs()
    job.modify(next_run_time=utc_now() - 5 * HOUR)
    heard.await_runs(1)
    ticker.stop(60)
    assert len(heard.runs) == 1


def test_the_runs_missed_in_a_long_pause_are_not_iterated():
    ticker = Scheduler(
        [tick("job", lambda: None, timedelta(seconds=1))], RecordedRuns()
    )
    [job] = ticker.scheduler.get_jobs()
    now = utc_now()
    job.next_run_time = now - 5 * HOUR
    assert job._get_run_times(now) == [now - 5 * HOUR]
    ahead = job.trigger.get_next_fire_time(now - 5 * HOUR, now)
    assert ahead == now + timedelta(seconds=1)


def test_a_failing_job_is_reported_and_runs_again(
    caplog: pytest.LogCaptureFixture,
):
    def fail() -> None:
        raise LookupError("of a job")

    heard = RecordedRuns()
    ticker = Scheduler([tick("job", fail)], heard)
    ticker.start()
    heard.await_runs(2)
    ticker.stop(60)
    assert set(heard.runs) == {("job", "failed")}
    assert "raised an exception" in caplog.messages[0]


def test_stopping_waits_for_running_jobs_and_starts_no_more():
    heard, begun, release = RecordedRuns(), threading.Event(), threading.Event()

    def run() -> None:
        begun.set()
        release.wait(60)

    ticker = Scheduler([tick("job", run)], heard)
    ticker.start()
    assert begun.wait(60)
    ticker.stop(0.01)
    assert heard.runs == []
    release.set()
    heard.await_runs(1)
    ticker.stop(60)
    assert heard.runs == [("job", "done")]


def test_a_scheduler_that_was_never_started_stops():
    Scheduler([tick("job", lambda: None)], RecordedRuns()).stop(1)
