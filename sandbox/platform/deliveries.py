"""Deliver events to the app, in order by channel, with retries."""

import heapq
import logging
import secrets
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from threading import Condition, Event, Thread

from sandbox.platform.faults import Faults
from sandbox.platform.transports import EVENT, Reply, Retry, Transport
from sandbox.workspace.records import Delivery, Json

WORKERS = 8
RETRIES = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
_TICK_SECONDS = 0.2
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Attempt:
    payload: Json
    queue_name: str
    retry: Retry | None = None
    # The fault's kind, chosen at random once for all attempts.
    fault_kind: str = ""


def _event_type(payload: Json) -> str:
    event = payload.get("event")
    return str(event.get("type")) if isinstance(event, dict) else ""


class DeliveryQueue:
    """One queue per channel: its events are tried in order, once each.

    Retries run in queues of their own, so that they hold nothing up.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        transport: Callable[[], Transport | None],
        faults: Faults,
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._transport = transport
        self._state = Condition()
        self._queues: dict[str, deque[_Attempt]] = {}
        self._busy_queues: set[str] = set()
        self._unfinished = 0
        self._scheduled: list[tuple[datetime, int, _Attempt]] = []
        # Attempts withheld by a fault until a later one of their queue has passed.
        self._reordered: dict[str, list[_Attempt]] = {}
        self._numbers = count()
        self._stopped = Event()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="sandbox-deliver")
        self._ticker = Thread(target=self._keep_ticking, daemon=True)
        self.history: list[Delivery] = []

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        self._stopped.set()
        with self._state:
            self._queues.clear()
            self._scheduled.clear()
            self._reordered.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def enqueue(self, envelope: Json, queue_name: str) -> None:
        # An event without a channel has a queue of its own.
        self._enqueue_attempt(
            _Attempt(envelope, queue_name or f"event-{next(self._numbers)}")
        )

    def _enqueue_attempt(self, attempt: _Attempt) -> None:
        with self._state:
            if self._stopped.is_set() or self._transport() is None:
                return
            self._unfinished += 1
            self._queues.setdefault(attempt.queue_name, deque()).append(attempt)
            if attempt.queue_name in self._busy_queues:
                return
            self._busy_queues.add(attempt.queue_name)
        self._pool.submit(self._work_on, attempt.queue_name)

    def _work_on(self, queue_name: str) -> None:
        with self._state:
            queue = self._queues.get(queue_name)
            attempt = queue.popleft() if queue else None
        try:
            if attempt and not self._is_withheld(attempt):
                self._attempt_delivery(attempt)
                self._release(queue_name)
        finally:
            with self._state:
                self._unfinished -= 1 if attempt else 0
                queue = self._queues.get(queue_name)
                if not queue:
                    self._queues.pop(queue_name, None)
                    self._busy_queues.discard(queue_name)
                self._state.notify_all()
            if queue and not self._stopped.is_set():
                self._pool.submit(self._work_on, queue_name)

    def _is_withheld(self, attempt: _Attempt) -> bool:
        """Return True if a fault delays, reorders or drops the attempt."""
        if attempt.fault_kind:
            return False
        fault = self._faults.next_for_delivery(_event_type(attempt.payload))
        attempt.fault_kind = fault.kind if fault else "-"
        match attempt.fault_kind:
            case "drop":
                return True
            case "delay" if fault:
                self._schedule(timedelta(seconds=fault.seconds), attempt)
                return True
            case "reorder":
                with self._state:
                    self._reordered.setdefault(attempt.queue_name, []).append(attempt)
                return True
        return False

    def _release(self, queue_name: str | None = None) -> None:
        """Enqueue what a fault has withheld, in one queue or in all."""
        with self._state:
            names = list(self._reordered) if queue_name is None else [queue_name]
            late = [a for name in names for a in self._reordered.pop(name, [])]
        for attempt in late:
            attempt.queue_name = f"late-{next(self._numbers)}"
            self._enqueue_attempt(attempt)

    def _schedule(self, delay: timedelta, attempt: _Attempt) -> None:
        attempt.queue_name = f"late-{next(self._numbers)}"
        with self._state:
            due = self._clock() + delay
            heapq.heappush(self._scheduled, (due, next(self._numbers), attempt))

    def _send(self, transport: Transport, payload: Json, retry: Retry | None) -> Reply:
        reply = transport.send(EVENT, payload, retry)
        self.record(EVENT, payload, retry, reply)
        return reply

    def _attempt_delivery(self, attempt: _Attempt) -> None:
        transport = self._transport()
        if transport is None:
            return
        reply = self._send(transport, attempt.payload, attempt.retry)
        match attempt.fault_kind:
            case "lost_ack":
                reply = Reply(None, failure="http_timeout")
            case "duplicate":
                self._send(transport, attempt.payload, attempt.retry)
            case "twin":
                other = attempt.payload | {
                    "event_id": f"Ev{secrets.token_hex(5).upper()}"
                }
                self._send(transport, other, attempt.retry)
        if reply.ok:
            return
        number = attempt.retry.number if attempt.retry else 0
        if number == len(RETRIES) or reply.headers.get("x-slack-no-retry") == "1":
            _log.info("gave up on an event after %d attempts", number + 1)
            return
        again = _Attempt(
            attempt.payload,
            f"retry-{next(self._numbers)}",
            Retry(number + 1, reply.failure or "unknown_error"),
        )
        if wait := RETRIES[number]:
            self._schedule(wait, again)
        else:
            self._enqueue_attempt(again)

    def record(
        self, kind: str, payload: Json, retry: Retry | None, reply: Reply
    ) -> None:
        delivery = Delivery(
            kind=kind,
            payload=payload,
            retry_num=retry.number if retry else 0,
            retry_reason=retry.reason if retry else None,
            status=reply.status,
            seconds=reply.seconds,
            at=self._clock(),
            failure=reply.failure,
        )
        with self._state:
            self.history.append(delivery)

    def enqueue_due(self) -> int:
        """Enqueue what is due by the sandbox's clock; return the number."""
        due: list[_Attempt] = []
        now = self._clock()
        with self._state:
            while self._scheduled and self._scheduled[0][0] <= now:
                due.append(heapq.heappop(self._scheduled)[2])
        for attempt in due:
            self._enqueue_attempt(attempt)
        return len(due)

    def _keep_ticking(self) -> None:
        while not self._stopped.wait(_TICK_SECONDS):
            self.enqueue_due()

    @property
    def scheduled_count(self) -> int:
        """The number of attempts scheduled for later."""
        with self._state:
            return len(self._scheduled)

    def wait_until_idle(self, timeout: float) -> None:
        while True:
            with self._state:
                if not self._state.wait_for(lambda: self._unfinished == 0, timeout):
                    raise TimeoutError(f"{self._unfinished} deliveries not finished")
                if not self._reordered:
                    return
            self._release()
