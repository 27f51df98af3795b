"""A workspace that takes long holds up no other."""

import logging
from collections.abc import Callable, Iterable
from threading import Event

import pytest

from bot.runtime import Workspace
from jobs import shared_work
from jobs.shared_work import MAX_AT_WORK, SharedWork

WORKSPACES = [
    Workspace(number, f"T{number}", "B0", "U0", "https://peers.slack.com/")
    for number in range(1, 9)
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_work, "PATIENCE_SECONDS", 0.02)


class SlowWork:
    """Ends at once, but for some workspaces, which wait to be released."""

    def __init__(self, *slow: int) -> None:
        self.releases = {number: Event() for number in slow}
        self.ended = {number: Event() for number in slow}
        self.done: list[int] = []

    def __call__(self, workspaces: Iterable[Workspace]) -> None:
        for workspace in workspaces:
            if workspace.id in self.releases:
                assert self.releases[workspace.id].wait(60)
            self.done.append(workspace.id)
            if workspace.id in self.ended:
                self.ended[workspace.id].set()


def test_the_workspaces_behind_slow_ones_are_worked_on():
    work, job = SlowWork(1, 4), SharedWork()
    assert job.run(work, WORKSPACES) == []
    assert sorted(work.done) == [2, 3, 5, 6, 7, 8]
    # Until they end, later runs leave them out.
    assert job.run(work, WORKSPACES[:2]) == []
    assert work.done[6:] == [2]
    for number in (1, 4):
        work.releases[number].set()
        assert work.ended[number].wait(60)
    wait_for(lambda: not job._at_work)
    assert job.run(work, WORKSPACES) == []
    assert work.done[9:] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_few_are_worked_on_at_a_time():
    """If many are slow, the others wait until one of those ends."""
    work, job = SlowWork(*range(1, MAX_AT_WORK + 1)), SharedWork()
    busy = Event()

    def release_when_full() -> None:
        wait_for(lambda: len(job._at_work) == MAX_AT_WORK)
        assert work.done == []
        busy.set()
        work.releases[2].set()

    watcher = shared_work._threads.submit(release_when_full)
    assert job.run(work, WORKSPACES) == []
    watcher.result()
    assert busy.is_set()
    assert sorted(work.done) == [2, 5, 6, 7, 8]
    for release in work.releases.values():
        release.set()
    wait_for(lambda: not job._at_work)


def test_the_error_of_a_slow_one_is_logged(caplog: pytest.LogCaptureFixture):
    release = Event()

    def fail_late(workspaces: Iterable[Workspace]) -> None:
        for workspace in workspaces:
            if workspace.id == 1:
                assert release.wait(60)
                raise ValueError("late")

    job = SharedWork()
    with caplog.at_level(logging.ERROR):
        assert job.run(fail_late, WORKSPACES) == []
        release.set()
        wait_for(lambda: "a slow workspace's job failed" in caplog.messages)
    assert not job._at_work


def test_the_end_of_the_process_ends_the_run():
    def end(workspaces: Iterable[Workspace]) -> None:
        for _ in workspaces:
            raise KeyboardInterrupt

    [error] = SharedWork().run(end, WORKSPACES)
    assert isinstance(error, KeyboardInterrupt)


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        Event().wait(0.001)
