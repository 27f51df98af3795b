"""Read the database and the process each time that somebody asks for /metrics."""

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
    """Collects figures of all workspaces together.

    Replicas that share a database report the same of what waits in it.
    """

    def __init__(
        self,
        rt: Runtime,
        database: Database,
        readiness: Readiness,
        *,
        waiting_events: Callable[[], int],
        build: Mapping[str, str],
    ) -> None:
        """`waiting_events` counts them; `build` describes the program."""
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
        deliveries: dict[str, QueueDepth] = {}
        work: dict[str, QueueDepth] = {}
        limited_until: dict[str, datetime] = {}
        for workspace in rt.workspaces:
            with rt.read(workspace) as tx:
                _add_up(deliveries, monitoring.outbox_depth(tx))
                _add_up(work, monitoring.due_work(tx, settings=rt.mentor_settings))
                for method, until in monitoring.rate_limits(tx).items():
                    limited_until[method] = max(until, limited_until.get(method, until))
        yield _gauge(
            "backswing_deliveries",
            "Promises to Slack that are not over, or were given up, by their state.",
            ("state",),
            {(state,): waiting.count for state, waiting in deliveries.items()},
        )
        waits = {
            state: waiting
            for state, waiting in deliveries.items()
            if state in monitoring.QUEUED_STATES
        }
        yield _gauge(
            "backswing_deliveries_due",
            "Promises whose time has come, by their state.",
            ("state",),
            {(state,): waiting.due for state, waiting in waits.items()},
        )
        yield GaugeMetricFamily(
            "backswing_deliveries_oldest_due_seconds",
            "For how long the oldest due promise has waited; 0 where none is due.",
            value=max((_age(waiting, now) for waiting in waits.values()), default=0.0),
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
                for method, until in limited_until.items()
            },
        )


def _add_up(
    totals: dict[str, QueueDepth], of_workspace: Mapping[str, QueueDepth]
) -> None:
    for name, waiting in of_workspace.items():
        totals[name] = totals[name] + waiting if name in totals else waiting


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
