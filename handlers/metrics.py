"""Count the process's events, deliveries and jobs for /metrics, without content."""

import collections
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from slack_bolt import BoltRequest, BoltResponse

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

# Event types become labels, so their form and number are limited.
_TYPE_NAME = re.compile(r"[a-z][a-z_]{0,39}")
MAX_TYPES = 64
OTHER = "other"

# Counters start with the process, whose start time is a metric of its own.
disable_created_metrics()


@dataclass(frozen=True, slots=True)
class Declaration:
    """A metric's documentation and labels; the docs' reference is generated from it."""

    documentation: str
    labels: tuple[str, ...] = ()


# By name; the exported names end in `_total`.
COUNTERS: Mapping[str, Declaration] = {
    "backswing_events": Declaration(
        "Events, commands, clicks and forms from Slack, by type. Outcomes: `done`,"
        " `refused` (not ours), `failed` (Slack delivers it again).",
        ("type", "outcome"),
    ),
    "backswing_requests_refused": Declaration(
        "Rejected HTTP requests. Reasons: `signature`, `age` (signed more than five"
        " minutes ago), `size`, `content type`, `content`, `incomplete` (the body took"
        " more than 10 seconds); after `full` and `late` Slack delivers again.",
        ("reason",),
    ),
    "backswing_delivery_attempts": Declaration(
        "Attempts to deliver a message or a change to Slack. Outcomes: `sent`,"
        " `cancelled` (no longer true), `failed`, `ratelimited`, `unconfirmed`;"
        " `rejected` and `lost` if it was the last attempt.",
        ("outcome",),
    ),
    "backswing_jobs": Declaration("Scheduled jobs that ran.", ("job", "outcome")),
}
GAUGES: Mapping[str, Declaration] = {
    "backswing_last_event_timestamp_seconds": Declaration(
        "The time of Slack's last delivery, in Unix time; 0 is never.",
    ),
}


class Metrics:
    """The counters of this process; safe to use from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._events = self._counter("backswing_events")
        self._last_event = self._gauge("backswing_last_event_timestamp_seconds")
        self._refused = self._counter("backswing_requests_refused")
        self._attempts = self._counter("backswing_delivery_attempts")
        self._jobs = self._counter("backswing_jobs")
        self._types: set[str] = set()

    def _counter(self, name: str) -> Counter:
        counter = COUNTERS[name]
        return Counter(
            name, counter.documentation, counter.labels, registry=self._registry
        )

    def _gauge(self, name: str) -> Gauge:
        gauge = GAUGES[name]
        return Gauge(name, gauge.documentation, gauge.labels, registry=self._registry)

    def register(self, collector: Collector) -> None:
        """Add a collector, which is read at each request."""
        self._registry.register(collector)

    def render(self) -> bytes:
        """Return all metrics as text of the type `CONTENT_TYPE`."""
        return generate_latest(self._registry)

    def count_events(
        self, requests: Sequence[BoltRequest], answers: Iterable[BoltResponse]
    ) -> None:
        counts = collections.Counter(
            (self._type(request.body), _outcome(answer.status))
            for request, answer in zip(requests, answers, strict=True)
        )
        for labels, count in counts.items():
            self._events.labels(*labels).inc(count)
        self._last_event.set_to_current_time()

    def count_refused(self, reason: str) -> None:
        """Count a refusal; `reason` must be one of a fixed set."""
        self._refused.labels(reason).inc()

    def count_attempt(self, outcome: str) -> None:
        """Count a delivery attempt; `outcome` must be one of a fixed set."""
        self._attempts.labels(outcome).inc()

    def count_job(self, job: str, outcome: str) -> None:
        self._jobs.labels(job, outcome).inc()

    def _type(self, body: dict[str, Any]) -> str:
        event = body.get("event")
        name = event.get("type") if isinstance(event, dict) else body.get("type")
        if name is None and "command" in body:
            name = "command"
        if not isinstance(name, str):
            return OTHER
        if name not in self._types:
            if not _TYPE_NAME.fullmatch(name) or len(self._types) >= MAX_TYPES:
                return OTHER
            self._types.add(name)
        return name


def _outcome(status: int) -> str:
    if status < 400:  # noqa: PLR2004 - HTTP's classes
        return "done"
    return "failed" if status >= 500 else "refused"  # noqa: PLR2004 - HTTP's classes
