"""Queue frequent events, and handle those that wait together as one batch."""

import asyncio
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from slack_bolt import BoltRequest, BoltResponse

from bot.db.engine import REQUEST_TIMEOUT_SECONDS

log = logging.getLogger(__name__)

# These events are frequent and quick. An event whose listener may wait for anything but
# the database, such as Slack, would delay the events behind it in the queue.
BATCHED_EVENTS = frozenset({"message", "reaction_added", "reaction_removed"})
# Limits the duration of a transaction.
MAX_BATCH_SIZE = 64
# Limits the memory for waiting requests.
MAX_WAITING = 512


# Takes the `reply_to` values of a batch and their responses.
OnAnswered = Callable[[Sequence[Any], Sequence[BoltResponse]], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Pending:
    request: BoltRequest
    # Passed to `on_answered` with the response.
    reply_to: Any
    # The workspace and the channel that it came from, as far as they are known.
    origins: tuple[str, ...]
    since: float


class EventBatcher:
    """A queue with one thread: several would compete for Python's global lock.

    Requests that can't be answered in time get a 503, and Slack delivers them again.
    """

    def __init__(
        self,
        handle_batch: Callable[[Sequence[BoltRequest]], Sequence[BoltResponse]],
        on_answered: OnAnswered,
        *,
        max_waiting: int = MAX_WAITING,
        timeout: float = REQUEST_TIMEOUT_SECONDS,
        on_refused: Callable[[str], None] = lambda _: None,
        is_shared: Callable[[], bool] = lambda: False,
    ) -> None:
        """Set the callbacks and limits.

        `timeout` is the time in seconds after which a request gets a 503. `is_shared`
        returns True if there are several workspaces, each of which gets some room.
        `on_answered` is called with the `reply_to` values and responses of a batch,
        `on_refused` with "full" or "late" for each 503.
        """
        self._handle_batch = handle_batch
        self._on_answered = on_answered
        self._on_refused = on_refused
        self._is_shared = is_shared
        self._max_waiting = max_waiting
        self._timeout = timeout
        self._queue: SimpleQueue[_Pending | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting_by_origin: Counter[str] = Counter()
        self._thread = threading.Thread(
            target=self._run, name="event-batcher", daemon=True
        )

    def stop(self, seconds: float) -> None:
        """Handle the waiting events for at most `seconds`, and end the thread."""
        if self.is_open:
            self._queue.put(None)
            self._thread.join(seconds)

    @property
    def is_open(self) -> bool:
        return self._thread.is_alive()

    @property
    def is_dead(self) -> bool:
        """True if the thread has ended; the first event starts it."""
        return self._thread.ident is not None and not self._thread.is_alive()

    @property
    def waiting_count(self) -> int:
        return self._queue.qsize()

    def submit(self, request: BoltRequest, reply_to: Any) -> bool:
        """Queue the request; return False if the queue is full."""
        team, channel = _origins(request)
        # A busy channel may take half of the queue at most, a busy workspace a quarter
        # more.
        room = {channel: self._max_waiting // 2}
        if self._is_shared():
            room[team] = self._max_waiting * 3 // 4
        origins = tuple(filter(None, (team, channel)))
        with self._lock:
            is_full = self.waiting_count >= self._max_waiting or any(
                self._waiting_by_origin[origin] >= limit
                for origin, limit in room.items()
                if origin
            )
            if not is_full:
                self._waiting_by_origin.update(origins)
        if is_full:
            log.warning("too many events waiting")
            self._on_refused("full")
            return False
        self._enqueue(_Pending(request, reply_to, origins, monotonic()))
        if self._thread.ident is None:
            self._thread.start()
        return True

    def _enqueue(self, pending: _Pending) -> None:
        self._queue.put(pending)

    def _run(self) -> None:
        while batch := self._next_batch():
            oldest = monotonic() - self._timeout
            late = [waiting for waiting in batch if waiting.since < oldest]
            for _ in late:
                self._on_refused("late")
            self._reply(late, [service_unavailable() for _ in late])
            due = [waiting for waiting in batch if waiting.since >= oldest]
            self._reply(due, self._handle_due(due))

    def _reply(
        self, batch: Sequence[_Pending], answers: Sequence[BoltResponse]
    ) -> None:
        if batch:
            self._on_answered([waiting.reply_to for waiting in batch], answers)

    def _next_batch(self) -> list[_Pending]:
        """Wait for a request and return the batch; an empty batch ends the thread."""
        batch: list[_Pending] = []
        with suppress(Empty):
            while len(batch) < MAX_BATCH_SIZE:
                waiting = self._queue.get(block=not batch)
                if waiting is None:
                    # The next call reads the stop marker again, after this batch.
                    if batch:
                        self._queue.put(None)
                    break
                batch.append(waiting)
        with self._lock:
            self._waiting_by_origin -= Counter(
                origin for waiting in batch for origin in waiting.origins
            )
        return batch

    def _handle_due(self, due: Sequence[_Pending]) -> Sequence[BoltResponse]:
        if not due:
            return []
        try:
            return self._handle_batch([waiting.request for waiting in due])
        except Exception:
            # The thread must live on to serve the next batch.
            log.exception("events not processed")
            return [BoltResponse(status=500) for _ in due]


class AsyncEventBatcher(EventBatcher):
    """An event batcher for coroutines, which await their responses."""

    def __init__(
        self,
        handle_batch: Callable[[Sequence[BoltRequest]], Sequence[BoltResponse]],
        **bounds: Any,
    ) -> None:
        super().__init__(handle_batch, _resolve_futures, **bounds)
        # Requests that are not in the queue yet.
        self._arrivals: deque[_Pending] = deque()
        # Their number one turn of the event loop ago.
        self._arrivals_before = 0

    def stop(self, seconds: float) -> None:
        self._enqueue_arrivals()
        super().stop(seconds)

    @property
    def waiting_count(self) -> int:
        return super().waiting_count + len(self._arrivals)

    async def answer(self, request: BoltRequest) -> BoltResponse:
        answer: asyncio.Future[BoltResponse] = asyncio.Future()
        return await answer if self.submit(request, answer) else service_unavailable()

    def _enqueue(self, pending: _Pending) -> None:
        """Queue the arrivals after a turn of the event loop without another arrival.

        A full batch is queued at once. If the first arrival woke the thread, the thread
        would take Python's global lock from the event loop, which still reads the other
        requests, and would handle each of them alone.
        """
        self._arrivals.append(pending)
        if len(self._arrivals) == 1:
            asyncio.get_running_loop().call_soon(self._end_turn)

    def _end_turn(self) -> None:
        if self._arrivals_before < len(self._arrivals) < MAX_BATCH_SIZE:
            self._arrivals_before = len(self._arrivals)
            asyncio.get_running_loop().call_soon(self._end_turn)
            return
        self._arrivals_before = 0
        self._enqueue_arrivals()

    def _enqueue_arrivals(self) -> None:
        # `stop` calls this from another thread, which may empty the deque meanwhile.
        with suppress(IndexError):
            while True:
                super()._enqueue(self._arrivals.popleft())


def event_type(payload: Mapping[str, Any]) -> str | None:
    """Return the type of the event in the payload, or None without an event."""
    event = payload.get("event")
    if payload.get("type") != "event_callback" or not isinstance(event, dict):
        return None
    kind = event.get("type")
    return kind if isinstance(kind, str) else None


def service_unavailable() -> BoltResponse:
    """Return a 503, after which Slack delivers the event again."""
    return BoltResponse(status=503)


def _resolve_futures(
    futures: Sequence[asyncio.Future[BoltResponse]], answers: Iterable[BoltResponse]
) -> None:
    """Set the results of all futures in one call into their event loop."""

    def set_results() -> None:
        for future, answer in zip(futures, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    # In a closed event loop nobody waits for the results.
    with suppress(RuntimeError):
        futures[0].get_loop().call_soon_threadsafe(set_results)


def _origins(request: BoltRequest) -> tuple[str, str]:
    """Return an event's team, and the team with the channel; each "" if unknown."""
    team = request.context.team_id or ""
    event = request.body.get("event")
    if not isinstance(event, dict):
        return team, ""
    item = event.get("item")
    channel = item.get("channel") if isinstance(item, dict) else event.get("channel")
    return team, f"{team} {channel}" if isinstance(channel, str) else ""
