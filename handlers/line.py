"""The line in which events wait: whoever waits at the same time is served together."""

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

from bot.db import WAIT_SECONDS

log = logging.getLogger(__name__)

# Of these there are many, and each is quick; whatever may wait for Slack, or for
# anything else but the database, must not stand in a line with others behind it.
QUICK = frozenset({"message", "reaction_added", "reaction_removed"})
# One transaction is not to take long, and not everybody's requests fit into memory.
MOST_AT_ONCE = 64
MOST_WAITING = 512


# Answers are given all at once to those who were served together.
Give = Callable[[Sequence[Any], Sequence[BoltResponse]], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    request: BoltRequest
    # By which its answer is given.
    ticket: Any
    channel: str
    since: float


class Line:
    """One thread, so that no two hand Python's lock to each other all the time.

    Requests that can't be answered in time get a 503: Slack delivers them again.
    """

    def __init__(
        self,
        serve: Callable[[Sequence[BoltRequest]], Sequence[BoltResponse]],
        give: Give,
        *,
        most_waiting: int = MOST_WAITING,
        patience: float = WAIT_SECONDS,
        refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`patience`: after how many seconds nobody waits for an answer any more.

        `give` is told the tickets of those who were served, and their answers.
        `refused` is told of each 503, in a word: full or late.
        """
        self._serve = serve
        self._give = give
        self._refused = refused
        self._most_waiting = most_waiting
        self._patience = patience
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._of_channel: Counter[str] = Counter()
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
    def is_broken(self) -> bool:
        """Whether its thread has ended; it begins with the first event."""
        return self._thread.ident is not None and not self._thread.is_alive()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def put(self, request: BoltRequest, ticket: Any) -> bool:
        """Let it wait for its answer; False where there is no room for it."""
        channel = _channel(request)
        with self._lock:
            # However much goes on in one channel, the others have room.
            is_full = self.waiting >= self._most_waiting or (
                bool(channel) and self._of_channel[channel] >= self._most_waiting // 2
            )
            if not is_full:
                self._of_channel[channel] += 1
        if is_full:
            log.warning("too many events wait")
            self._refused("full")
            return False
        self._let_in(_Waiting(request, ticket, channel, monotonic()))
        if self._thread.ident is None:
            self._thread.start()
        return True

    def _let_in(self, waiting: _Waiting) -> None:
        self._queue.put(waiting)

    def _run(self) -> None:
        while batch := self._next():
            oldest = monotonic() - self._patience
            late = [waiting for waiting in batch if waiting.since < oldest]
            for _ in late:
                self._refused("late")
            self._answer(late, [later() for _ in late])
            due = [waiting for waiting in batch if waiting.since >= oldest]
            self._answer(due, self._serve_all(due))

    def _answer(
        self, batch: Sequence[_Waiting], answers: Sequence[BoltResponse]
    ) -> None:
        if batch:
            self._give([waiting.ticket for waiting in batch], answers)

    def _next(self) -> list[_Waiting]:
        """Whoever waits now, at least one; nobody where it is time to stop."""
        batch: list[_Waiting] = []
        with suppress(Empty):
            while len(batch) < MOST_AT_ONCE:
                waiting = self._queue.get(block=not batch)
                if waiting is None:
                    # It is for the next call, if there is still somebody to serve.
                    if batch:
                        self._queue.put(None)
                    break
                batch.append(waiting)
        with self._lock:
            self._of_channel -= Counter(waiting.channel for waiting in batch)
        return batch

    def _serve_all(self, due: Sequence[_Waiting]) -> Sequence[BoltResponse]:
        if not due:
            return []
        try:
            return self._serve([waiting.request for waiting in due])
        except Exception:
            # Whoever comes next must not wait in vain for a thread that has died.
            log.exception("events not served")
            return [BoltResponse(status=500) for _ in due]


class AwaitedLine(Line):
    """A line for coroutines, which await their answers."""

    def __init__(
        self,
        serve: Callable[[Sequence[BoltRequest]], Sequence[BoltResponse]],
        **bounds: Any,
    ) -> None:
        super().__init__(serve, _tell_loop, **bounds)
        # Who has come and is not let in yet, and how many those were a turn ago.
        self._coming: deque[_Waiting] = deque()
        self._came = 0

    def stop(self, seconds: float) -> None:
        self._let_all_in()
        super().stop(seconds)

    @property
    def waiting(self) -> int:
        return super().waiting + len(self._coming)

    async def answer(self, request: BoltRequest) -> BoltResponse:
        answer: asyncio.Future[BoltResponse] = asyncio.Future()
        return await answer if self.put(request, answer) else later()

    def _let_in(self, waiting: _Waiting) -> None:
        """As soon as the event loop makes a turn in which nobody comes, or enough have.

        The thread, woken by the first, would take Python's lock from the loop that
        reads the others, and serve each by itself.
        """
        self._coming.append(waiting)
        if len(self._coming) == 1:
            asyncio.get_running_loop().call_soon(self._end_turn)

    def _end_turn(self) -> None:
        if self._came < len(self._coming) < MOST_AT_ONCE:
            self._came = len(self._coming)
            asyncio.get_running_loop().call_soon(self._end_turn)
            return
        self._came = 0
        self._let_all_in()

    def _let_all_in(self) -> None:
        # Also called from elsewhere, when it is time to stop.
        with suppress(IndexError):
            while True:
                super()._let_in(self._coming.popleft())


def event_type(payload: Mapping[str, Any]) -> str | None:
    """Of the event inside; None if there is none."""
    event = payload.get("event")
    if payload.get("type") != "event_callback" or not isinstance(event, dict):
        return None
    kind = event.get("type")
    return kind if isinstance(kind, str) else None


def later() -> BoltResponse:
    """That it is to come again."""
    return BoltResponse(status=503)


def _tell_loop(
    waiting: Sequence[asyncio.Future[BoltResponse]], answers: Iterable[BoltResponse]
) -> None:
    """One call into the event loop for all of them."""

    def tell() -> None:
        for one, answer in zip(waiting, answers, strict=True):
            if not one.done():
                one.set_result(answer)

    # A loop that has been closed has nobody left who waits.
    with suppress(RuntimeError):
        waiting[0].get_loop().call_soon_threadsafe(tell)


def _channel(request: BoltRequest) -> str:
    """Where it happened; empty where that is not said."""
    event = request.body.get("event")
    if not isinstance(event, dict):
        return ""
    item = event.get("item")
    place = item.get("channel") if isinstance(item, dict) else event.get("channel")
    return place if isinstance(place, str) else ""
