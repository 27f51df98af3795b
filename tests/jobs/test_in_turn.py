"""Several replicas share a job: each workspace gets its work once in an interval."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Select, select

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.feature.hooks import RowsOf
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, ServedWorkspaces, Workspace
from bot.workspace import job_runs
from jobs.in_turn import InTurn
from models import JobRun, Member
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.two_workspaces import install

EVERY = timedelta(hours=1)
Replica = Callable[[], None]


@pytest.fixture
def workspaces(rt: Runtime) -> list[Workspace]:
    return [rt.workspaces.only, install(rt, "T0ALPHA"), install(rt, "T0BETA")]


class Replicas:
    """Processes on one database; `worked` has the teams in the order of the work."""

    def __init__(self, rt: Runtime, workspaces: list[Workspace]) -> None:
        self.rt = rt
        self.workspaces = workspaces
        self.worked: list[str] = []
        self.failing = ""
        self.unanswered = ""

    def start(
        self,
        workspaces: list[Workspace] | None = None,
        limit: int = 9,
        rows_of: Sequence[RowsOf] = (),
    ) -> Replica:
        """Return the job as a replica runs it that serves these, or all."""
        served = self.workspaces if workspaces is None else workspaces
        rt = replace(
            self.rt, workspaces=ServedWorkspaces((each, FakeSlack()) for each in served)
        )
        job = InTurn(
            "sync-channels", self._work, every=EVERY, rows_of=rows_of, limit=limit
        )
        worker = OutboxWorker(rt, {})
        return lambda: job(rt, worker)

    def _work(self, _rt: Runtime, workspace: Workspace) -> bool:
        if workspace.team_id == self.failing:
            raise ValueError(workspace.team_id)
        if workspace.team_id == self.unanswered:
            return False
        self.worked.append(workspace.team_id)
        return True

    def take(self) -> list[str]:
        worked, self.worked = sorted(self.worked), []
        return worked


@pytest.fixture
def replicas(rt: Runtime, workspaces: list[Workspace]) -> Replicas:
    return Replicas(rt, workspaces)


def test_each_workspace_gets_its_work_once_in_an_interval(
    replicas: Replicas, clock: Clock
):
    teams = sorted(each.team_id for each in replicas.workspaces)
    first, second = replicas.start(), replicas.start()
    first()
    second()
    assert replicas.take() == teams
    clock.advance(minutes=59)
    second()
    assert replicas.take() == []
    clock.advance(minutes=1)
    second()
    first()
    assert replicas.take() == teams
    # The clock was ahead, and is set back.
    clock.advance(days=-2)
    first()
    second()
    assert replicas.take() == teams


@pytest.mark.deep_on_postgresql
def test_few_limit_and_only_those_that_the_replica_serves(
    replicas: Replicas, rt: Runtime
):
    own, alpha, beta = replicas.workspaces
    serves_one = replicas.start([beta])
    serves_one()
    assert replicas.take() == [beta.team_id]
    slow = replicas.start(limit=1)
    slow()
    assert replicas.take() == [own.team_id]
    slow()
    assert replicas.take() == [alpha.team_id]
    slow()
    assert replicas.take() == []
    with rt.write_session.begin() as session:
        job_runs.ask_again(session, "sync-channels", alpha.id)
    serves_one()
    assert replicas.take() == []
    slow()
    assert replicas.take() == [alpha.team_id]


@pytest.mark.deep_on_postgresql
def test_only_workspaces_with_such_rows_at_the_time_get_it(
    replicas: Replicas, rt: Runtime, clock: Clock
):
    def old_members(installation_id: InstallationId, now: Time) -> Select[int]:
        return select(Member.id).where(
            Member.installation_id == installation_id,
            Member.fetched_at <= now - timedelta(days=1),
        )

    own, _, beta = replicas.workspaces
    ages = {own.id: timedelta(days=2), beta.id: timedelta(hours=23)}
    with rt.write_session.begin() as session:
        session.add_all(
            Member(installation_id=each, slack_id="U0OLD", fetched_at=clock() - age)
            for each, age in ages.items()
        )
    work = replicas.start(rows_of=(old_members,))
    work()
    assert replicas.take() == [own.team_id]
    clock.advance(hours=1)
    work()
    assert replicas.take() == sorted([own.team_id, beta.team_id])


@pytest.mark.deep_on_postgresql
def test_what_failed_is_tried_again_after_the_lease(replicas: Replicas, clock: Clock):
    own, alpha, beta = (each.team_id for each in replicas.workspaces)
    run = replicas.start()
    replicas.failing, replicas.unanswered = alpha, beta
    with pytest.raises(ValueError, match=alpha):
        run()
    assert replicas.take() == [own]
    replicas.failing = replicas.unanswered = ""
    clock.advance(minutes=9)
    run()
    assert replicas.take() == []
    clock.advance(minutes=1)
    run()
    assert replicas.take() == sorted([alpha, beta])


def test_what_was_done_before_events_were_lost_is_done_again(
    replicas: Replicas, clock: Clock, rt: Runtime
):
    own, alpha, _ = replicas.workspaces
    replicas.start([own])()
    clock.advance(minutes=5)
    lost_since = clock.now
    clock.advance(minutes=20)
    replicas.start([alpha])()
    replicas.take()
    for _ in range(2):
        with rt.write_session.begin() as session:
            job_runs.ask_all_again(
                session, "sync-channels", every=EVERY, since=lost_since
            )
    replicas.start([own, alpha])()
    assert replicas.take() == [own.team_id]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.deep_on_postgresql
def test_replicas_that_run_at_the_same_time_share_the_work(
    replicas: Replicas, clock: Clock, rt: Runtime
):
    teams = sorted(each.team_id for each in replicas.workspaces)
    jobs = [replicas.start(limit=1 + number % 3) for number in range(4)]
    for _ in range(5):
        with ThreadPoolExecutor(len(jobs)) as threads:
            for _ in range(3):
                for run in [threads.submit(job) for job in jobs]:
                    run.result()
        assert replicas.take() == teams
        clock.advance(hours=1)
    with rt.read_session() as session:
        assert session.query(JobRun).count() == len(teams)


@pytest.mark.parametrize("every", [timedelta(minutes=5), EVERY])
@pytest.mark.deep_on_postgresql
def test_a_replica_whose_clock_is_behind_does_nothing_twice(
    rt: Runtime, clock: Clock, every: timedelta
):
    def claim(behind: timedelta) -> set[int]:
        with rt.write_session.begin() as session:
            return job_runs.claim(
                session,
                "check-token",
                rt.workspaces.ids,
                every=every,
                now=clock() - behind,
            )

    assert claim(timedelta())
    assert not claim(timedelta(milliseconds=2))
    assert not claim(timedelta(seconds=50))
    clock.advance(seconds=every.total_seconds())
    assert claim(timedelta())


@pytest.mark.deep_on_postgresql
def test_the_end_of_an_earlier_claim_ends_no_later_one(rt: Runtime, clock: Clock):
    workspace = rt.workspaces.only

    def claim() -> set[int]:
        with rt.write_session.begin() as session:
            return job_runs.claim(
                session, "sync-channels", [workspace.id], every=EVERY, now=clock()
            )

    first = clock()
    assert claim()
    with rt.write_session.begin() as session:
        job_runs.ask_again(session, "sync-channels", workspace.id)
    clock.advance(seconds=2)
    assert claim()
    with rt.write_session.begin() as session:
        job_runs.finish(
            session,
            "sync-channels",
            workspace.id,
            claimed_at=first,
            due_at=first + EVERY,
        )
    # The later one has failed.
    clock.advance(seconds=job_runs.LEASE.total_seconds())
    assert claim()
