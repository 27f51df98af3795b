"""Events that Slack gave up while the process ran are made up for."""

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy.exc import OperationalError

import jobs
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Workspace
from bot.workspace import job_runs
from jobs.workspace import RETRIED_FOR, SYNC_EVERY, LostEvents
from tests.factories import Clock
from tests.two_workspaces import install


@pytest.fixture
def other(rt: Runtime) -> Workspace:
    return install(rt, "T0ALPHA")


@pytest.mark.deep_on_postgresql
def test_after_a_long_outage_all_channels_are_fetched_again(
    rt: Runtime, clock: Clock, other: Workspace, monkeypatch: pytest.MonkeyPatch
):
    own = rt.workspaces.only
    worker = OutboxWorker(rt, {})
    first, second = (partial(LostEvents(clock), rt, worker) for _ in range(2))

    def notice() -> None:
        first()
        second()

    def fetched(workspace: Workspace) -> None:
        with rt.write_session.begin() as session:
            args = (session, job_runs.SYNC_CHANNELS)
            job_runs.ask_again(*args, workspace.id)
            job_runs.claim(*args, [workspace.id], every=SYNC_EVERY, now=clock())
            job_runs.finish(
                *args,
                workspace.id,
                claimed_at=clock(),
                due_at=clock() + SYNC_EVERY,
            )

    def due() -> set[int]:
        with rt.autocommit.connect() as connection:
            job = job_runs.SYNC_CHANNELS
            due = job_runs.select_due(job, every=SYNC_EVERY, now=clock())
            return {*connection.scalars(due)}

    def fail() -> None:
        raise OperationalError("SELECT 1", {}, Exception("the connection is lost"))

    def outage(run: Callable[[], None], **duration: float) -> None:
        clock.advance(**duration)
        with monkeypatch.context() as away:
            away.setattr(type(rt.autocommit), "connect", lambda _: fail())
            with pytest.raises(OperationalError):
                run()

    fetched(own)
    fetched(other)
    notice()
    outage(notice, seconds=RETRIED_FOR.total_seconds() - 1)
    notice()
    assert due() == set()
    outage(notice, minutes=2)
    # A third replica still reaches the database; events are lost after this, too.
    fetched(other)
    outage(notice, minutes=8)
    clock.advance(minutes=1)
    first()
    assert due() == {own.id, other.id}
    # Another replica notices it later, and does nothing again.
    fetched(other)
    second()
    notice()
    assert due() == {own.id}


@pytest.mark.deep_on_postgresql
def test_a_travel_of_the_sandboxs_clock_loses_no_events(
    rt: Runtime, clock: Clock, caplog: pytest.LogCaptureFixture
):
    [notice] = [
        job.run
        for job in jobs.scheduled_jobs(rt, OutboxWorker(rt, {}))
        if job.name == "notice-lost-events"
    ]
    notice()
    clock.advance(days=1)
    notice()
    assert not caplog.records
