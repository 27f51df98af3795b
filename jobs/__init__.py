"""The clock did something. What is due is always a question for the database."""

from collections.abc import Callable
from dataclasses import dataclass

from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.delivery import Deliverer
from bot.runtime import Runtime
from jobs import answers, facts, outbox


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Callable[[Runtime, Deliverer], None]
    trigger: BaseTrigger


SCHEDULE = (
    Job("wake the deliveries", outbox.wake, IntervalTrigger(seconds=1)),
    Job("meet people", facts.meet, IntervalTrigger(seconds=5)),
    Job("look people up again", facts.look_again, IntervalTrigger(minutes=1)),
    Job("see where the bot is", facts.survey, IntervalTrigger(hours=12)),
    Job("forget what led nowhere", answers.purge, IntervalTrigger(hours=1)),
)


def register(scheduler: BaseScheduler, rt: Runtime, deliverer: Deliverer) -> None:
    """Ticks only: kept in memory, and a tick missed is made up for by the next."""
    for job in SCHEDULE:
        scheduler.add_job(
            job.run,
            job.trigger,
            args=(rt, deliverer),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
