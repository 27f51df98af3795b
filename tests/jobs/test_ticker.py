"""Jobs are run again and again, whatever happens to the time of day."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.clock import utc_now
from jobs.ticker import Tick, Ticker

SECOND = timedelta(seconds=1)


class Steady:
    """A clock that only goes forward, when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Heard:
    """What the ticker said has run."""

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


def tick(name: str, run: Callable[[], None], every: timedelta = SECOND) -> Tick:
    return Tick(name, run, every)


def _wait(release: threading.Event) -> None:
    assert release.wait(60)


def test_each_job_runs_when_its_turn_comes():
    clock, heard = Steady(), Heard()
    ticker = Ticker(
        [tick("often", lambda: None), tick("rarely", lambda: None, 3 * SECOND)],
        heard,
        clock=clock,
    )
    ticker.start_due()
    for count in (1, 2, 4):
        clock.seconds += 1
        ticker.start_due()
        heard.await_runs(count)
        ticker.start_due()
    ticker.stop(60)
    assert sorted(heard.runs) == [("often", "done")] * 3 + [("rarely", "done")]


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_time_of_day_that_is_set_anew_stops_no_job(
    monkeypatch: pytest.MonkeyPatch, hours: int
):
    heard = Heard()
    ticker = Ticker([tick("job", lambda: None, SECOND / 20)], heard)
    ticker.start()
    heard.await_runs(1)
    shown = utc_now().timestamp() + hours * 3600
    monkeypatch.setattr(time, "time", lambda: shown)
    heard.await_runs(len(heard.runs) + 3)
    ticker.stop(60)


def test_a_job_that_takes_long_delays_no_other_and_runs_once_at_a_time():
    clock, heard, release = Steady(), Heard(), threading.Event()
    ticker = Ticker(
        [tick("long", lambda: _wait(release)), tick("short", lambda: None)],
        heard,
        clock=clock,
    )
    for count in range(1, 4):
        clock.seconds += 1
        ticker.start_due()
        heard.await_runs(count)
    assert heard.runs == [("short", "done")] * 3
    release.set()
    assert heard.await_runs(4)[-1] == ("long", "done")
    ticker.stop(60)
    assert len(heard.runs) == 4


def test_turns_that_were_missed_are_one_turn():
    clock, heard = Steady(), Heard()
    ticker = Ticker([tick("job", lambda: None)], heard, clock=clock)
    clock.seconds += 7200
    for _ in range(3):
        ticker.start_due()
        heard.await_runs(1)
    ticker.stop(60)
    assert len(heard.runs) == 1


def test_a_job_that_fails_is_told_and_has_its_next_turn(
    caplog: pytest.LogCaptureFixture,
):
    def fail() -> None:
        raise LookupError

    clock, heard = Steady(), Heard()
    ticker = Ticker([tick("job", fail)], heard, clock=clock)
    for count in (1, 2):
        clock.seconds += 1
        ticker.start_due()
        heard.await_runs(count)
    ticker.stop(60)
    assert heard.runs == [("job", "failed")] * 2
    assert caplog.messages == ["job failed"] * 2


def test_stopped_it_waits_for_what_runs_and_starts_nothing_more():
    heard, begun, release = Heard(), threading.Event(), threading.Event()

    def run() -> None:
        begun.set()
        release.wait(60)

    ticker = Ticker([tick("job", run, SECOND / 100)], heard)
    ticker.start()
    assert begun.wait(60)
    ticker.stop(0.01)
    assert heard.runs == []
    release.set()
    heard.await_runs(1)
    ticker.stop(60)
    assert heard.runs == [("job", "done")]
