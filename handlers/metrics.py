"""Count for /metrics what the process does: numbers only, of no person or message."""

import re
from collections import Counter as Counted
from collections.abc import Iterable, Sequence
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

# A label is made of what Slack sends: a name, and there is an end to how many.
_TYPE_NAME = re.compile(r"[a-z][a-z_]{0,39}")
MAX_TYPES = 64
OTHER = "other"

# When a counter began is when the process did, which is said once.
disable_created_metrics()


class Metrics:
    """For any thread. Each process counts for itself, from its start."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._events = self._counter(
            "backswing_events",
            "What Slack delivered, by its type and what became of it.",
            "type",
            "outcome",
        )
        self._last_event = Gauge(
            "backswing_last_event_timestamp_seconds",
            "When Slack delivered something last, in Unix time; 0 is never.",
            registry=self._registry,
        )
        self._refused = self._counter(
            "backswing_requests_refused",
            "HTTP requests that were not let in, by the reason.",
            "reason",
        )
        self._attempts = self._counter(
            "backswing_delivery_attempts",
            "Attempts to keep a promise to Slack, by what became of it.",
            "outcome",
        )
        self._jobs = self._counter(
            "backswing_jobs",
            "What the clock did, by name and outcome.",
            "job",
            "outcome",
        )
        self._types: set[str] = set()

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(name, documentation, labels, registry=self._registry)

    def register(self, collector: Collector) -> None:
        """Have something asked for its figures each time that somebody looks."""
        self._registry.register(collector)

    def render(self) -> bytes:
        """All figures as text, of the content type `KIND`."""
        return generate_latest(self._registry)

    def count_events(
        self, requests: Sequence[BoltRequest], answers: Iterable[BoltResponse]
    ) -> None:
        counts = Counted(
            (self._type(request.body), _outcome(answer.status))
            for request, answer in zip(requests, answers, strict=True)
        )
        for labels, count in counts.items():
            self._events.labels(*labels).inc(count)
        self._last_event.set_to_current_time()

    def count_refused(self, reason: str) -> None:
        """`reason`: one of a few fixed words."""
        self._refused.labels(reason).inc()

    def count_attempt(self, outcome: str) -> None:
        """`outcome`: one of a few fixed words."""
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
    if status < 400:  # noqa: PLR2004 - as HTTP has it
        return "done"
    return "failed" if status >= 500 else "refused"  # noqa: PLR2004 - as HTTP has it
