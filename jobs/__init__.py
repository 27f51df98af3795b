"""The clock did something. What is due is always a question for the database."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic

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
from jobs.ticker import Tick


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Callable[[Runtime, Deliverer], None]
    every: timedelta


SCHEDULE = (
    Job("wake the deliveries", outbox.wake, timedelta(seconds=1)),
    Job("see whether the clock was set back", outbox.correct, timedelta(seconds=5)),
    Job("meet people", facts.meet, timedelta(seconds=5)),
    Job("look people up again", facts.look_again, timedelta(minutes=1)),
    Job("start check-ins", checkins.start, timedelta(seconds=2)),
    Job("plan check-ins again", checkins.plan, timedelta(hours=1)),
    Job("nudge people to share", sharing.nudge, timedelta(seconds=5)),
    Job("close check-ins", sharing.close, timedelta(seconds=5)),
    Job("follow what people asked", sharing.follow, timedelta(seconds=10)),
    Job("see where the bot is", facts.survey, timedelta(hours=12)),
    Job("write message counts down", mentors.write_down, timedelta(seconds=20)),
    Job("look for mentors", mentors.look, timedelta(seconds=15)),
    Job("follow mentors' choices", mentors.follow, timedelta(seconds=15)),
    Job("forget old message counts", mentors.forget, timedelta(hours=12)),
    Job(
        "see whether our token works",
        installations.check,
        timedelta(minutes=5),
    ),
    Job("forget what led nowhere", privacy.purge, timedelta(hours=1)),
    Job("empty the database's log", privacy.empty_log, timedelta(seconds=20)),
    Job("remove old copies", privacy.remove_old_copy, timedelta(hours=1)),
    Job("forget who has left", privacy.forget_departed, timedelta(hours=1)),
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

    def stopped(self) -> str | None:
        """Why nothing can be expected from the clock; None where all is well."""
        with self._guard:
            silent = monotonic() - self._at
        return f"no job has run for {silent:.0f} s" if silent > self._silence else None

    def beat(self, job: str, outcome: str) -> None:
        with self._guard:
            self._at = monotonic()
        self._ran(job, outcome)


def ticks(rt: Runtime, deliverer: Deliverer) -> list[Tick]:
    """Each job, with what it is handed; it is tried again where it was given up."""
    return [
        Tick(job.name, partial(retried(job.run), rt, deliverer), job.every)
        for job in SCHEDULE
    ]
