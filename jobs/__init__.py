"""The clock did something. What is due is always a question for the database."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.db import retried
from bot.delivery import Deliverer
from bot.runtime import Runtime
from jobs import (
    checkins,
    facts,
    installations,
    mentors,
    outbox,
    privacy,
    sharing,
)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Callable[[Runtime, Deliverer], None]
    trigger: BaseTrigger


SCHEDULE = (
    Job("wake the deliveries", outbox.wake, IntervalTrigger(seconds=1)),
    Job("meet people", facts.meet, IntervalTrigger(seconds=5)),
    Job("look people up again", facts.look_again, IntervalTrigger(minutes=1)),
    Job("start check-ins", checkins.start, IntervalTrigger(seconds=2)),
    Job("plan check-ins again", checkins.plan, IntervalTrigger(hours=1)),
    Job("nudge people to share", sharing.nudge, IntervalTrigger(seconds=5)),
    Job("close check-ins", sharing.close, IntervalTrigger(seconds=5)),
    Job("follow what people asked", sharing.follow, IntervalTrigger(seconds=10)),
    Job("see where the bot is", facts.survey, IntervalTrigger(hours=12)),
    Job("write message counts down", mentors.write_down, IntervalTrigger(seconds=20)),
    Job("look for mentors", mentors.look, IntervalTrigger(seconds=15)),
    Job("follow mentors' choices", mentors.follow, IntervalTrigger(seconds=15)),
    Job("forget old message counts", mentors.forget, IntervalTrigger(hours=12)),
    Job(
        "see whether our token works",
        installations.check,
        IntervalTrigger(minutes=5),
    ),
    Job("forget what led nowhere", privacy.purge, IntervalTrigger(hours=1)),
    Job("forget who has left", privacy.forget_departed, IntervalTrigger(hours=1)),
)


# The most frequent job runs each second.
SILENCE_SECONDS = 30


class Pulse:
    """Whether jobs are run; `ran` is told of each, and whether it went well."""

    def __init__(
        self,
        ran: Callable[[str, str], None],
        *,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._ran = ran
        self._silence = silence_seconds
        self._guard = threading.Lock()
        self._at = monotonic()

    def watch(self, scheduler: BaseScheduler) -> None:
        scheduler.add_listener(self._beat, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)

    def stopped(self) -> str | None:
        """Why nothing can be expected from the clock; None where all is well."""
        with self._guard:
            silent = monotonic() - self._at
        return f"no job has run for {silent:.0f} s" if silent > self._silence else None

    def _beat(self, event: JobExecutionEvent) -> None:
        with self._guard:
            self._at = monotonic()
        self._ran(event.job_id, "failed" if event.exception else "done")


def register(scheduler: BaseScheduler, rt: Runtime, deliverer: Deliverer) -> None:
    """Ticks only: kept in memory, and a tick missed is made up for by the next."""
    for job in SCHEDULE:
        scheduler.add_job(
            retried(job.run),
            job.trigger,
            args=(rt, deliverer),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
