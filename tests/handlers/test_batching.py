"""The queue of events: batches, order, and refusals."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt import BoltRequest, BoltResponse

from handlers.batching import MAX_BATCH_SIZE, AsyncEventBatcher


def request(number: int) -> BoltRequest:
    return BoltRequest(body={"number": number}, mode="socket_mode")


def in_channel(channel: str) -> BoltRequest:
    body = {"number": 1, "event": {"type": "message", "channel": channel}}
    return BoltRequest(body=body, mode="socket_mode")


def in_team(team: str, channel: str) -> BoltRequest:
    there = in_channel(channel)
    there.context["team_id"] = team
    return there


def number(request: BoltRequest) -> int:
    return int(request.body["number"])


class Counter:
    """Responds with the request's number, one batch for each call of `release`."""

    def __init__(self) -> None:
        self.served: list[list[int]] = []
        self.busy = threading.Event()
        self._turns = threading.Semaphore(0)

    def let_go(self, turns: int = 1000) -> None:
        self._turns.release(turns)

    def __call__(self, requests: Sequence[BoltRequest]) -> list[BoltResponse]:
        self.busy.set()
        self._turns.acquire()
        numbers = [number(request) for request in requests]
        self.served.append(numbers)
        return [BoltResponse(status=200, body=str(n)) for n in numbers]


@asynccontextmanager
async def opened(
    serve: Callable[[Sequence[BoltRequest]], Sequence[BoltResponse]],
    **bounds: Any,
) -> AsyncIterator[AsyncEventBatcher]:
    batcher = AsyncEventBatcher(serve, **bounds)
    yield batcher
    batcher.stop(5)


async def wait_for(busy: threading.Event) -> None:
    await asyncio.to_thread(busy.wait, 5)


async def ask_behind_the_first(
    batcher: AsyncEventBatcher, counter: Counter, numbers: Sequence[int]
) -> list[asyncio.Task[BoltResponse]]:
    """Let one request be handled, and the others wait behind it."""
    first = asyncio.create_task(batcher.answer(request(0)))
    await wait_for(counter.busy)
    others = [asyncio.create_task(batcher.answer(request(n))) for n in numbers]
    await asyncio.sleep(0)
    return [first, *others]


def test_waiting_events_are_handled_together_in_order():
    async def story() -> None:
        counter = Counter()
        async with opened(counter) as batcher:
            requests_in_flight = await ask_behind_the_first(
                batcher, counter, [1, 2, 3, 4]
            )
            counter.let_go()
            answers = await asyncio.gather(*requests_in_flight)
        assert [answer.body for answer in answers] == ["0", "1", "2", "3", "4"]
        assert counter.served == [[0], [1, 2, 3, 4]]

    asyncio.run(story())


async def come_in_turns(batcher: AsyncEventBatcher, numbers: Sequence[int]) -> None:
    """Submit one request in each turn of the event loop."""
    requests_in_flight = []
    for n in numbers:
        requests_in_flight.append(asyncio.create_task(batcher.answer(request(n))))
        await asyncio.sleep(0)
    await asyncio.gather(*requests_in_flight)


def test_nothing_is_queued_while_each_turn_brings_another_event():
    async def story() -> None:
        counter = Counter()
        counter.let_go()
        async with opened(counter) as batcher:
            await come_in_turns(batcher, range(5))
            await come_in_turns(batcher, range(5, 7))
        assert counter.served == [[0, 1, 2, 3, 4], [5, 6]]

    asyncio.run(story())


def test_batches_are_limited():
    async def story() -> None:
        counter = Counter()
        async with opened(counter) as batcher:
            numbers = range(1, 2 * MAX_BATCH_SIZE + 2)
            requests_in_flight = await ask_behind_the_first(batcher, counter, numbers)
            counter.let_go()
            await asyncio.gather(*requests_in_flight)
        assert [len(batch) for batch in counter.served] == [
            1,
            MAX_BATCH_SIZE,
            MAX_BATCH_SIZE,
            1,
        ]

    asyncio.run(story())


def test_a_channel_does_not_take_the_room_of_others():
    async def story() -> None:
        counter = Counter()
        async with opened(counter, max_waiting=4) as batcher:
            first = asyncio.create_task(batcher.answer(request(0)))
            await wait_for(counter.busy)
            busy = [
                asyncio.create_task(batcher.answer(in_channel("C1"))) for _ in "abc"
            ]
            await asyncio.sleep(0)
            other = asyncio.create_task(batcher.answer(in_channel("C2")))
            await asyncio.sleep(0)
            counter.let_go()
            answers = await asyncio.gather(first, *busy, other)
        assert [answer.status for answer in answers] == [200, 200, 200, 503, 200]

    asyncio.run(story())


@pytest.mark.parametrize(("is_shared", "refused"), [(True, 2), (False, 0)])
def test_a_workspace_leaves_room_to_others(is_shared: bool, refused: int):
    """Those that have the process for themselves need not."""

    async def story() -> None:
        counter = Counter()
        async with opened(
            counter, max_waiting=8, is_shared=lambda: is_shared
        ) as batcher:
            first = asyncio.create_task(batcher.answer(request(0)))
            await wait_for(counter.busy)
            busy = [
                asyncio.create_task(batcher.answer(in_team("T1", f"C{n // 3}")))
                for n in range(8)
            ]
            await asyncio.sleep(0)
            other = asyncio.create_task(batcher.answer(in_team("T2", "C1")))
            await asyncio.sleep(0)
            counter.let_go()
            answers = await asyncio.gather(first, *busy, other)
        served = [200] * (8 - refused) + [503] * refused
        assert [answer.status for answer in answers] == [
            200,
            *served,
            200 if is_shared else 503,
        ]

    asyncio.run(story())


def test_a_full_queue_refuses_the_next_event():
    async def story() -> None:
        counter = Counter()
        refusals: list[str] = []
        async with opened(
            counter, max_waiting=2, on_refused=refusals.append
        ) as batcher:
            requests_in_flight = await ask_behind_the_first(batcher, counter, [1, 2, 3])
            refused = await requests_in_flight.pop()
            assert refused.status == 503
            assert batcher.waiting_count == 2
            assert refusals == ["full"]
            counter.let_go()
            answers = await asyncio.gather(*requests_in_flight)
        assert [answer.status for answer in answers] == [200, 200, 200]
        assert counter.served == [[0], [1, 2]]

    asyncio.run(story())


def test_events_are_not_handled_after_slacks_timeout():
    async def story() -> None:
        counter = Counter()
        refusals: list[str] = []
        async with opened(counter, timeout=0.2, on_refused=refusals.append) as batcher:
            requests_in_flight = await ask_behind_the_first(batcher, counter, [1])
            await asyncio.sleep(0.3)
            counter.let_go()
            first, late = await asyncio.gather(*requests_in_flight)
        assert (first.status, late.status) == (200, 503)
        assert refusals == ["late"]
        assert counter.served == [[0]]

    asyncio.run(story())


def test_a_bug_gets_a_response_and_the_next_events_are_handled(
    caplog: pytest.LogCaptureFixture,
):
    def serve(requests: Sequence[BoltRequest]) -> list[BoltResponse]:
        if number(requests[0]) == 1:
            raise ZeroDivisionError
        return [BoltResponse(status=200) for _ in requests]

    async def story() -> None:
        async with opened(serve) as batcher:
            assert (await batcher.answer(request(1))).status == 500
            assert (await batcher.answer(request(2))).status == 200

    asyncio.run(story())
    assert "events not processed" in caplog.text


def test_a_disconnected_client_delays_nothing():
    async def story() -> None:
        counter = Counter()
        async with opened(counter) as batcher:
            requests_in_flight = await ask_behind_the_first(batcher, counter, [1, 2])
            requests_in_flight[1].cancel()
            counter.let_go()
            _, cancelled, served = await asyncio.gather(
                *requests_in_flight, return_exceptions=True
            )
        assert isinstance(cancelled, asyncio.CancelledError)
        assert isinstance(served, BoltResponse)

    asyncio.run(story())


def test_the_batcher_is_dead_when_its_thread_has_ended():
    async def story() -> None:
        batcher = AsyncEventBatcher(
            lambda requests: [BoltResponse(status=200) for _ in requests]
        )
        assert not batcher.is_dead
        await batcher.answer(request(1))
        assert not batcher.is_dead
        batcher.stop(5)
        assert batcher.is_dead

    asyncio.run(story())


def test_waiting_events_are_handled_before_it_stops():
    async def story() -> None:
        counter = Counter()
        batcher = AsyncEventBatcher(counter)
        requests_in_flight = await ask_behind_the_first(batcher, counter, [1, 2])
        stopping = asyncio.create_task(asyncio.to_thread(batcher.stop, 5))
        await asyncio.sleep(0)
        counter.let_go()
        answers = await asyncio.gather(*requests_in_flight)
        await stopping
        assert [answer.status for answer in answers] == [200, 200, 200]
        assert not batcher.is_open

    asyncio.run(story())


def test_stopping_waits_no_longer_than_its_timeout():
    async def story() -> None:
        counter = Counter()
        batcher = AsyncEventBatcher(counter)
        requests_in_flight = await ask_behind_the_first(batcher, counter, [1])
        await asyncio.to_thread(batcher.stop, 0.01)
        assert batcher.is_open
        counter.let_go()
        await asyncio.gather(*requests_in_flight)

    asyncio.run(story())
