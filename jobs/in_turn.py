"""Run a job in each workspace once in a while, in one of the replicas."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import Select

from bot.db.statement_time import StatementTime
from bot.feature.hooks import RowsOf
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Workspace
from bot.workspace import job_runs
from bot.workspace.installations import have_rows
from jobs.each_workspace import in_threads, known_workspaces

# Works on one workspace; False: it has to be tried again soon.
Work = Callable[[Runtime, Workspace], bool | None]

LIMIT = 500


class InTurn:
    """A job that works on a workspace once in each interval, whichever replica does it.

    1. One statement asks in which workspaces the job is due.
    2. This process claims those that it works on now, so that no other does.
    3. When one is done, the job is due there again after the interval; if it failed, or
       the process has ended, after the lease.
    """

    def __init__(
        self,
        name: str,
        work: Work,
        *,
        every: timedelta,
        rows_of: Sequence[RowsOf] = (),
        limit: int = LIMIT,
        all_known: bool = False,
    ) -> None:
        """Make the job of this name.

        With `rows_of`, a workspace without any such row needs no work. `limit`: so
        many are worked on in a run, and the others wait for the next one. `all_known`:
        also those that are not served.
        """
        self.name, self.every = name, every
        self.work = work
        self._rows_of, self._limit, self._all_known = rows_of, limit, all_known
        self._run_all = in_threads(self._run)
        self._time = StatementTime()
        # When this process claimed the work that it is doing, by workspace.
        self._claimed_at: dict[int, datetime] = {}

    def __call__(self, rt: Runtime, _worker: OutboxWorker) -> None:
        now = rt.clock()
        with rt.autocommit.connect() as connection:
            due = connection.scalars(self._select_due, self._time.values(now)).all()
        if not due:
            return
        known = known_workspaces(rt) if self._all_known else rt.workspaces
        workspaces = {workspace.id: workspace for workspace in known}
        mine = [each for each in due if each in workspaces][: self._limit]
        with rt.write_session.begin() as session:
            claimed = job_runs.claim(
                session, self.name, mine, every=self.every, now=now
            )
        self._claimed_at |= dict.fromkeys(claimed, now)
        self._run_all(rt, [workspaces[each] for each in mine if each in claimed])

    @cached_property
    def _select_due(self) -> Select[int]:
        return job_runs.select_due(
            self.name,
            every=self.every,
            now=self._time,
            conditions=have_rows(self._rows_of, self._time),
        )

    def _run(self, rt: Runtime, workspace: Workspace) -> None:
        claimed_at = self._claimed_at[workspace.id]
        is_done = self.work(rt, workspace) is not False
        if not is_done or self.every <= job_runs.LEASE:
            return
        with rt.write_session.begin() as session:
            job_runs.finish(
                session,
                self.name,
                workspace.id,
                claimed_at=claimed_at,
                due_at=claimed_at + self.every,
            )


def in_turn(
    name: str,
    *,
    every: timedelta,
    rows_of: Sequence[RowsOf] = (),
    limit: int = LIMIT,
    all_known: bool = False,
) -> Callable[[Work], InTurn]:
    """Turn a function for one workspace into a job; see `InTurn`."""

    def decorate(work: Work) -> InTurn:
        return InTurn(
            name,
            work,
            every=every,
            rows_of=rows_of,
            limit=limit,
            all_known=all_known,
        )

    return decorate
