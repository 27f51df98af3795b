"""Run the bot's due work while the sandbox's clock travels."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

import jobs
from bot import monitoring
from bot.db.retry import retry_on_conflict
from bot.outbox import queue
from cli.app import Application
from models import OutboxItem
from sandbox import Sandbox

# Jobs with longer intervals, such as that which cuts links of asks without a name, run
# at a stop if their interval has passed; the others until nothing is left to do.
_MAX_INTERVAL = timedelta(minutes=1)
# Work that is stuck, such as by a simulated fault, is done later.
_TIMEOUT_SECONDS = 5


class TravelWork:
    """The bot's part in a travel of the sandbox's clock."""

    def __init__(self, application: Application, slack: Sandbox) -> None:
        self._rt, self._worker = application.rt, application.worker
        self._slack = slack
        # The last runs of jobs with long intervals, by name.
        self._ran_at: dict[str, datetime] = {}

    def next_due_at(self) -> datetime | None:
        times = []
        for workspace in self._rt.workspaces:
            with self._rt.read(workspace) as tx:
                times.append(monitoring.next_due(tx))
        return min(filter(None, times), default=None)

    def run_due(self) -> None:
        """Run the jobs and send due messages until nothing is left to do."""
        self._slack.wait_for_deliveries()
        self._run_rare_jobs()
        until = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < until:
            self._slack.wait_for_deliveries()
            if self._worker.send_due():
                continue
            # Once nothing is left to send: they take far longer than a look for that.
            self._run_frequent_jobs()
            if self._is_calm():
                return
        # Sending may have taken all of that time, and the clock is about to move on.
        self._run_frequent_jobs()

    def _run_rare_jobs(self) -> None:
        now = self._rt.clock()
        for job in jobs.JOBS:
            ran_at = self._ran_at.get(job.name, datetime.min.replace(tzinfo=UTC))
            # A reset sets the clock back.
            has_run = ran_at <= now < ran_at + job.every
            if job.every > _MAX_INTERVAL and not has_run:
                self._run(job)
                self._ran_at[job.name] = now

    def _run_frequent_jobs(self) -> None:
        for job in jobs.JOBS:
            if job.every <= _MAX_INTERVAL:
                self._run(job)

    def _run(self, job: jobs.Job) -> None:
        retry_on_conflict(job.run)(self._rt, self._worker)

    def _is_calm(self) -> bool:
        """Return True if nothing is due, and no other thread is sending.

        An item that another thread is about to claim is still due; a claimed one is
        being sent; and a message sent in between may have enqueued another, so due
        items are checked twice.
        """
        return not (self._is_due() or self._is_sending() or self._is_due())

    def _is_due(self) -> bool:
        with self._rt.autocommit.connect() as connection:
            return bool(
                queue.due_installations(
                    connection, self._rt.workspaces.ids, now=self._rt.clock()
                )
            )

    def _is_sending(self) -> bool:
        """Return True if another thread is sending."""
        sending = select(OutboxItem.id).where(
            OutboxItem.installation_id.in_(self._rt.workspaces.ids),
            OutboxItem.state == "sending",
            OutboxItem.leased_until > self._rt.clock(),
        )
        with self._rt.read_session() as session:
            return session.scalar(sending.limit(1)) is not None
