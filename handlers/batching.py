"""The queue of events: those that wait at the same time are handled together."""

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

# Of these there are many, and each is quick; whatever may wait for Slack, or for
# anything else but the database, must not stand in a line with others behind it.
BATCHED_EVENTS = frozenset({"message", "reaction_added", "reaction_removed"})
# One transaction is not to take long, and not everybody's requests fit into memory.
MAX_BATCH_SIZE = 64
MAX_WAITING = 512


# Answers are given all at once to those who were served together.
OnAnswered = Callable[[Sequence[Any], Sequence[BoltResponse]], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Pending:
    request: BoltRequest
    # By which its answer is given.
    reply_to: Any
    channel: str
    since: float


class EventBatcher:
    """One thread, so that no two hand Python's lock to each other all the time.

    Requests that can't be answered in time get a 503: Slack delivers them again.
    """

    def __init__(
        self,
        handle_batch: Callable[[Sequence[BoltRequest]], Sequence[BoltResponse]],
        on_answered: OnAnswered,
        *,
        max_waiting: int = MAX_WAITING,
        timeout: float = REQUEST_TIMEOUT_SECONDS,
        on_refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        """After `timeout` seconds nobody waits for an answer any more.

        `on_answered` is called with what to reply to, and the answers. `on_refused` is
        called for each 503, with a word: full or late.
        """
        self._handle_batch = handle_batch
        self._on_answered = on_answered
        self._on_refused = on_refused
        self._max_waiting = max_waiting
        self._timeout = timeout
        self._queue: SimpleQueue[_Pending | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting_by_channel: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    def stop(self, seconds: float) -> None:
        """Serve those who wait, for at most so long."""
        if self.is_open:
            self._queue.put(None)
            self._thread.join(seconds)

    @property
    def is_open(self) -> bool:
        return self._thread.is_alive()

    @property
    def is_dead(self) -> bool:
        """The thread has ended; it begins with the first event."""
        return self._thread.ident is not None and not self._thread.is_alive()

    @property
    def waiting_count(self) -> int:
        return self._queue.qsize()

    def submit(self, request: BoltRequest, reply_to: Any) -> bool:
        """Let it wait for its answer; False where there is no room for it."""
        channel = _channel(request)
        with self._lock:
            # However much goes on in one channel, the others have room.
            is_full = self.waiting_count >= self._max_waiting or (
                bool(channel)
                and self._waiting_by_channel[channel] >= self._max_waiting // 2
            )
            if not is_full:
                self._waiting_by_channel[channel] += 1
        if is_full:
            log.warning("too many events waiting")
            self._on_refused("full")
            return False
        self._enqueue(_Pending(request, reply_to, channel, monotonic()))
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
        """Return those who wait now, at least one; nobody if it is time to stop."""
        batch: list[_Pending] = []
        with suppress(Empty):
            while len(batch) < MAX_BATCH_SIZE:
                waiting = self._queue.get(block=not batch)
                if waiting is None:
                    # It is for the next call, if there is still somebody to serve.
                    if batch:
                        self._queue.put(None)
                    break
                batch.append(waiting)
        with self._lock:
            self._waiting_by_channel -= Counter(waiting.channel for waiting in batch)
        return batch

    def _handle_due(self, due: Sequence[_Pending]) -> Sequence[BoltResponse]:
        if not due:
            return []
        try:
            return self._handle_batch([waiting.request for waiting in due])
        except Exception:
            # Whoever comes next must not wait in vain for a thread that has died.
            log.exception("events not processed")
            return [BoltResponse(status=500) for _ in due]


class AsyncEventBatcher(EventBatcher):
    """A line for coroutines, which await their answers."""

    def __init__(
        self,
        handle_batch: Callable[[Sequence[BoltRequest]], Sequence[BoltResponse]],
        **bounds: Any,
    ) -> None:
        super().__init__(handle_batch, _resolve_futures, **bounds)
        # Who has come and is not let in yet, and how many those were a turn ago.
        self._arrivals: deque[_Pending] = deque()
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
        """As soon as the event loop makes a turn in which nobody comes, or enough have.

        The thread, woken by the first, would take Python's lock from the loop that
        reads the others, and serve each by itself.
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
        # Also called from elsewhere, when it is time to stop.
        with suppress(IndexError):
            while True:
                super()._enqueue(self._arrivals.popleft())


def event_type(payload: Mapping[str, Any]) -> str | None:
    """Return the type of the event inside; None if there is none."""
    event = payload.get("event")
    if payload.get("type") != "event_callback" or not isinstance(event, dict):
        return None
    kind = event.get("type")
    return kind if isinstance(kind, str) else None


def service_unavailable() -> BoltResponse:
    """That it is to come again."""
    return BoltResponse(status=503)


def _resolve_futures(
    futures: Sequence[asyncio.Future[BoltResponse]], answers: Iterable[BoltResponse]
) -> None:
    """One call into the event loop for all of them."""

    def tell() -> None:
        for future, answer in zip(futures, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    # A loop that has been closed has nobody left who waits.
    with suppress(RuntimeError):
        futures[0].get_loop().call_soon_threadsafe(tell)


def _channel(request: BoltRequest) -> str:
    """Return the team and channel of an event; "" if Slack names no channel."""
    event = request.body.get("event")
    if not isinstance(event, dict):
        return ""
    item = event.get("item")
    channel = item.get("channel") if isinstance(item, dict) else event.get("channel")
    if not isinstance(channel, str):
        return ""
    return f"{request.context.team_id} {channel}"
