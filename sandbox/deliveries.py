"""Hands events to the app, in order by channel, and again where it failed."""

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

from sandbox.faults import Faults
from sandbox.records import Delivery, Json
from sandbox.transports import EVENT, Reply, Retry, Transport

WORKERS = 8
RETRIES = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
_TICK_SECONDS = 0.2
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Attempt:
    payload: Json
    lane: str
    retry: Retry | None = None
    # The fault that was thrown for it, so that it is thrown once.
    struck: str = ""


def _name(payload: Json) -> str:
    event = payload.get("event")
    return str(event.get("type")) if isinstance(event, dict) else ""


class Deliveries:
    """A lane is a channel: its events are tried one after the other, once each.

    What failed comes again beside the lane, so that it holds nothing up.
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
        self._lanes: dict[str, deque[_Attempt]] = {}
        self._busy: set[str] = set()
        self._open = 0
        self._later: list[tuple[datetime, int, _Attempt]] = []
        # What a fault keeps back until something later of its lane has passed.
        self._held: dict[str, list[_Attempt]] = {}
        self._number = count()
        self._stopped = Event()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="sandbox-deliver")
        self._ticker = Thread(target=self._keep_ticking, daemon=True)
        self.history: list[Delivery] = []

    def start(self) -> None:
        self._ticker.start()

    def stop(self) -> None:
        self._stopped.set()
        with self._state:
            self._lanes.clear()
            self._later.clear()
            self._held.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def put(self, envelope: Json, lane: str) -> None:
        # An event that belongs to no channel has a lane of its own.
        self._queue(_Attempt(envelope, lane or f"event-{next(self._number)}"))

    def _queue(self, attempt: _Attempt) -> None:
        with self._state:
            if self._stopped.is_set() or self._transport() is None:
                return
            self._open += 1
            self._lanes.setdefault(attempt.lane, deque()).append(attempt)
            if attempt.lane in self._busy:
                return
            self._busy.add(attempt.lane)
        self._pool.submit(self._serve, attempt.lane)

    def _serve(self, lane: str) -> None:
        with self._state:
            queue = self._lanes.get(lane)
            attempt = queue.popleft() if queue else None
        try:
            if attempt and not self._kept_back(attempt):
                self._try(attempt)
                self._release(lane)
        finally:
            with self._state:
                self._open -= 1 if attempt else 0
                queue = self._lanes.get(lane)
                if not queue:
                    self._lanes.pop(lane, None)
                    self._busy.discard(lane)
                self._state.notify_all()
            if queue and not self._stopped.is_set():
                self._pool.submit(self._serve, lane)

    def _kept_back(self, attempt: _Attempt) -> bool:
        """Whether a fault takes it out of its turn, or out of the world."""
        if attempt.struck:
            return False
        fault = self._faults.of_delivery(_name(attempt.payload))
        attempt.struck = fault.kind if fault else "-"
        match attempt.struck:
            case "drop":
                return True
            case "delay" if fault:
                self._later_by(timedelta(seconds=fault.seconds), attempt)
                return True
            case "reorder":
                with self._state:
                    self._held.setdefault(attempt.lane, []).append(attempt)
                return True
        return False

    def _release(self, lane: str | None = None) -> None:
        """Sends what a fault kept back: of a lane, or all of it."""
        with self._state:
            lanes = list(self._held) if lane is None else [lane]
            late = [a for name in lanes for a in self._held.pop(name, [])]
        for attempt in late:
            attempt.lane = f"late-{next(self._number)}"
            self._queue(attempt)

    def _later_by(self, wait: timedelta, attempt: _Attempt) -> None:
        attempt.lane = f"late-{next(self._number)}"
        with self._state:
            due = self._clock() + wait
            heapq.heappush(self._later, (due, next(self._number), attempt))

    def _send(self, transport: Transport, payload: Json, retry: Retry | None) -> Reply:
        reply = transport.send(EVENT, payload, retry)
        self.record(EVENT, payload, retry, reply)
        return reply

    def _try(self, attempt: _Attempt) -> None:
        transport = self._transport()
        if transport is None:
            return
        reply = self._send(transport, attempt.payload, attempt.retry)
        match attempt.struck:
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
            f"retry-{next(self._number)}",
            Retry(number + 1, reply.failure or "unknown_error"),
        )
        if wait := RETRIES[number]:
            self._later_by(wait, again)
        else:
            self._queue(again)

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

    def tick(self) -> int:
        """Sends what is due on the sandbox's clock; says how many that were."""
        due: list[_Attempt] = []
        now = self._clock()
        with self._state:
            while self._later and self._later[0][0] <= now:
                due.append(heapq.heappop(self._later)[2])
        for attempt in due:
            self._queue(attempt)
        return len(due)

    def _keep_ticking(self) -> None:
        while not self._stopped.wait(_TICK_SECONDS):
            self.tick()

    @property
    def waiting(self) -> int:
        """Retries that are due in the future."""
        with self._state:
            return len(self._later)

    def settle(self, timeout: float) -> None:
        while True:
            with self._state:
                if not self._state.wait_for(lambda: self._open == 0, timeout):
                    raise TimeoutError(f"{self._open} deliveries still on their way")
                if not self._held:
                    return
            self._release()
