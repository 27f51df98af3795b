"""What is asked of the database and the process each time that /metrics is read."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from bot import monitoring
from bot.db.engine import Database
from bot.monitoring import QueueDepth
from bot.runtime import Runtime
from handlers.readiness import Readiness

log = logging.getLogger(__name__)


class DatabaseCollector(Collector):
    """Replicas that share a database say the same of what waits in it."""

    def __init__(
        self,
        rt: Runtime,
        database: Database,
        readiness: Readiness,
        *,
        waiting_events: Callable[[], int],
        build: Mapping[str, str],
    ) -> None:
        """`in_line`: how many events wait; `build`: what the program is made of."""
        self._rt = rt
        self._database = database
        self._readiness = readiness
        self._waiting_events = waiting_events
        self._build = build

    def collect(self) -> Iterator[Metric]:
        yield _gauge(
            "backswing_build_info",
            "Always 1; the labels say which program this is.",
            tuple(self._build),
            {tuple(self._build.values()): 1},
        )
        ready = self._readiness.check()
        yield _gauge(
            "backswing_ready",
            "Whether a part does its work, as /readyz says.",
            ("part",),
            {(part,): why is None for part, why in ready.items()},
        )
        yield GaugeMetricFamily(
            "backswing_events_waiting",
            "Events in the line, waiting to be committed.",
            value=self._waiting_events(),
        )
        yield from self._pools()
        try:
            yield from self._outbox()
        except SQLAlchemyError:
            # The other figures are wanted now more than ever; `backswing_ready` says
            # why these are not there.
            log.warning("figures not read", exc_info=True)

    def _pools(self) -> Iterator[Metric]:
        pools = self._database.pools()
        for name, says, at in (
            ("in_use", "in use", 0),
            ("size", "that there may be", 1),
        ):
            yield _gauge(
                f"backswing_pool_connections_{name}",
                f"Connections to the database {says}, by what they are for.",
                ("pool",),
                {(pool,): figures[at] for pool, figures in pools.items()},
            )

    def _outbox(self) -> Iterator[Metric]:
        rt, now = self._rt, self._rt.clock()
        with rt.read(rt.workspace) as tx:
            promises = monitoring.outbox_depth(tx)
            work = monitoring.due_work(tx, settings=rt.mentor_settings)
            pauses = monitoring.rate_limits(tx)
        yield _gauge(
            "backswing_deliveries",
            "Promises to Slack that are not over, or were given up, by their state.",
            ("state",),
            {(state,): waiting.count for state, waiting in promises.items()},
        )
        waits = {state: promises[state] for state in monitoring.QUEUED_STATES}
        yield _gauge(
            "backswing_deliveries_due",
            "Promises whose time has come, by their state.",
            ("state",),
            {(state,): waiting.due for state, waiting in waits.items()},
        )
        yield GaugeMetricFamily(
            "backswing_deliveries_oldest_due_seconds",
            "For how long the oldest due promise has waited; 0 where none is due.",
            value=max(_age(waiting, now) for waiting in waits.values()),
        )
        yield _gauge(
            "backswing_work_due",
            "What the clock is to do, and has not done yet.",
            ("work",),
            {(name,): waiting.due for name, waiting in work.items()},
        )
        yield _gauge(
            "backswing_work_oldest_due_seconds",
            "For how long the oldest of it has been due.",
            ("work",),
            {(name,): _age(waiting, now) for name, waiting in work.items()},
        )
        yield _gauge(
            "backswing_slack_pause_seconds",
            "For how much longer Slack does not want to be called, by its method.",
            ("method",),
            {
                (method,): (until - now).total_seconds()
                for method, until in pauses.items()
            },
        )


def _age(waiting: QueueDepth, now: datetime) -> float:
    return (now - waiting.oldest_at).total_seconds() if waiting.oldest_at else 0.0


def _gauge(
    name: str,
    documentation: str,
    labels: tuple[str, ...],
    values: Mapping[tuple[str, ...], float],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family
