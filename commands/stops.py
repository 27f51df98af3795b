"""Stop the sandbox's clock on its way wherever the bot has something to do."""

import time
from datetime import datetime, timedelta

from sqlalchemy import select

import jobs
from bot import lanes
from bot.backlog import service as backlog
from bot.db import retried
from commands.running import Backswing
from models import OutboxItem
from sandbox import Sandbox

# What runs less often than this brings nothing about that people would see.
_OFTEN = timedelta(minutes=1)
# Whatever can't be done by then, such as with a fault switched on, is done later.
_PATIENCE_SECONDS = 5


class BotStops:
    """The bot's part in a journey of the sandbox's clock."""

    def __init__(self, backswing: Backswing, slack: Sandbox) -> None:
        self._rt, self._deliverer = backswing.rt, backswing.deliverer
        self._numbers = backswing.settings.mentors
        self._slack = slack

    def next(self) -> datetime | None:
        with self._rt.reads() as session:
            return backlog.next_due(
                session,
                self._rt.workspace,
                now=self._rt.clock(),
                numbers=self._numbers,
            )

    def work(self) -> None:
        """Run the jobs and send what is due, until there is nothing left to do."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            self._slack.settle()
            for job in jobs.SCHEDULE:
                if job.every <= _OFTEN:
                    retried(job.run)(self._rt, self._deliverer)
            if not self._deliverer.deliver_due() and self._is_calm():
                return

    def _is_calm(self) -> bool:
        """Return whether nothing is due, and no other thread is at it.

        What another thread is just claiming is still due; what it has claimed is being
        sent; and what was sent in between may have led to something new that is due.
        """
        return not (self._is_due() or self._is_sending() or self._is_due())

    def _is_due(self) -> bool:
        with self._rt.lookups.connect() as connection:
            return lanes.is_due(connection, self._rt.workspace.id, now=self._rt.clock())

    def _is_sending(self) -> bool:
        """Return whether another thread is at it."""
        with self._rt.reads() as session:
            held = select(OutboxItem.id).where(
                OutboxItem.installation_id == self._rt.workspace.id,
                OutboxItem.state == "sending",
                OutboxItem.leased_until > self._rt.clock(),
            )
            return session.scalar(held.limit(1)) is not None
