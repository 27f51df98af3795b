"""Read metrics from the database and the process at each request for /metrics."""

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
from handlers.metrics import Declaration
from handlers.readiness import Readiness

log = logging.getLogger(__name__)


GAUGES: Mapping[str, Declaration] = {
    "backswing_build_info": Declaration(
        "Always 1; the labels say which program this is.",
        ("python", "version"),
    ),
    "backswing_ready": Declaration(
        "1 if a part is ready, as `/readyz` says.", ("part",)
    ),
    "backswing_events_waiting": Declaration("Events waiting to be committed."),
    "backswing_pool_connections_in_use": Declaration(
        "Connections to the database in use. Pools: quick look-ups (`autocommit`),"
        " `read`, and `write`.",
        ("pool",),
    ),
    "backswing_pool_connections_size": Declaration(
        "Connections that a pool may have.", ("pool",)
    ),
    "backswing_deliveries": Declaration(
        "Messages and changes for Slack that wait (`pending`, `sending`, or"
        " `unconfirmed`: perhaps sent, and looked for first) or were given up"
        " (`rejected`: Slack refused it; `lost`: perhaps sent, never sent again).",
        ("state",),
    ),
    "backswing_deliveries_due": Declaration("Deliveries that are due.", ("state",)),
    "backswing_deliveries_oldest_due_seconds": Declaration(
        "The time for which the oldest due delivery has waited; 0 if none is due.",
    ),
    "backswing_work_due": Declaration(
        "Scheduled work that is due and not done yet.", ("work",)
    ),
    "backswing_work_oldest_due_seconds": Declaration(
        "The time for which the oldest of that work has been due.",
        ("work",),
    ),
    "backswing_search_documents": Declaration(
        "Asks that can be found with this process's search index."
    ),
    "backswing_search_behind_seconds": Declaration(
        "The time since this process's search index had followed every change."
        " NaN while it is built for the first time."
    ),
    "backswing_slack_pause_seconds": Declaration(
        "The time until Slack may be called again, by method.",
        ("method",),
    ),
}


class DatabaseCollector(Collector):
    """Collects metrics over all workspaces.

    Replicas that share a database report the same queue depths.
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
        """Take a function that counts waiting events, and the labels of the build."""
        self._rt = rt
        self._database = database
        self._readiness = readiness
        self._waiting_events = waiting_events
        self._build = build

    def collect(self) -> Iterator[Metric]:
        labels = GAUGES["backswing_build_info"].labels
        build = tuple(self._build[label] for label in labels)
        yield _gauge("backswing_build_info", {build: 1})
        problems = self._readiness.check()
        yield _gauge(
            "backswing_ready",
            {(part,): reason is None for part, reason in problems.items()},
        )
        yield _gauge("backswing_events_waiting", {(): self._waiting_events()})
        yield from self._pools()
        yield from self._search()
        try:
            yield from self._outbox()
        except SQLAlchemyError:
            # The other metrics matter most now. `backswing_ready` shows the reason why
            # these are missing.
            log.warning("metrics not read", exc_info=True)

    def _pools(self) -> Iterator[Metric]:
        pools = self._database.pools()
        for name, at in (
            ("backswing_pool_connections_in_use", 0),
            ("backswing_pool_connections_size", 1),
        ):
            yield _gauge(name, {(pool,): counts[at] for pool, counts in pools.items()})

    def _search(self) -> Iterator[Metric]:
        search = self._rt.search
        yield _gauge("backswing_search_documents", {(): search.count or 0})
        behind = float("nan")
        if search.followed_at is not None:
            behind = (self._rt.clock() - search.followed_at).total_seconds()
        yield _gauge("backswing_search_behind_seconds", {(): behind})

    def _outbox(self) -> Iterator[Metric]:
        rt, now = self._rt, self._rt.clock()
        workspaces = list(rt.workspaces)
        ids = [workspace.id for workspace in workspaces]
        # There may be a thousand: a few statements for all of them.
        with rt.read_session() as session:
            deliveries = monitoring.outbox_depth(session, ids, now=now)
            work = monitoring.due_work_of(session, rt.features, workspaces, now=now)
            limited_until = monitoring.rate_limits(session, ids, now=now)
        yield _gauge(
            "backswing_deliveries",
            {(state,): waiting.count for state, waiting in deliveries.items()},
        )
        waits = {
            state: waiting
            for state, waiting in deliveries.items()
            if state in monitoring.QUEUED_STATES
        }
        yield _gauge(
            "backswing_deliveries_due",
            {(state,): waiting.due for state, waiting in waits.items()},
        )
        oldest = max((_age(waiting, now) for waiting in waits.values()), default=0.0)
        yield _gauge("backswing_deliveries_oldest_due_seconds", {(): oldest})
        yield _gauge(
            "backswing_work_due",
            {(name,): waiting.due for name, waiting in work.items()},
        )
        yield _gauge(
            "backswing_work_oldest_due_seconds",
            {(name,): _age(waiting, now) for name, waiting in work.items()},
        )
        yield _gauge(
            "backswing_slack_pause_seconds",
            {
                (method,): (until - now).total_seconds()
                for method, until in limited_until.items()
            },
        )


def _age(waiting: QueueDepth, now: datetime) -> float:
    return (now - waiting.oldest_at).total_seconds() if waiting.oldest_at else 0.0


def _gauge(name: str, values: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
    gauge = GAUGES[name]
    family = GaugeMetricFamily(name, gauge.documentation, labels=gauge.labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family
