"""HTTP requests over kept-alive connections, each sent after the last response."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

CONNECTIONS = 32
_ANSWER_TIMEOUT = 5
_HEAD_END = b"\r\n\r\n"


@dataclass
class Measurement:
    """The result of one run: its duration and each response's delay, in seconds.

    `processor` is the server's processor time in seconds, `calls` its calls to Slack.
    """

    seconds: float = 0.0
    processor: float = 0.0
    calls: int = 0
    delays: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.delays)

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    def percentile(self, percent: int) -> float:
        return sorted(self.delays)[min(self.count * percent // 100, self.count - 1)]


async def run(
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: float,
    connections: int = CONNECTIONS,
) -> Measurement:
    """Send requests until the time is up; raises unless each response is 200."""
    measured = Measurement()
    loop = asyncio.get_running_loop()
    waiting = iter(requests)
    began = time.perf_counter()
    opened = [
        (await loop.create_connection(connect, "127.0.0.1", port))[1]
        for connect in [lambda: _Connection(waiting, measured, until=began + seconds)]
        * connections
    ]
    async with asyncio.timeout(seconds + _ANSWER_TIMEOUT):
        await asyncio.gather(*(connection.finished for connection in opened))
    measured.seconds = time.perf_counter() - began
    return measured


class _Connection(asyncio.Protocol):
    """A minimal client: a library would take as long as the server it measures."""

    def __init__(
        self, waiting: Iterator[bytes], measured: Measurement, *, until: float
    ) -> None:
        self.finished: asyncio.Future[None] = asyncio.Future()
        self._waiting = waiting
        self._measured = measured
        self._until = until
        self._sent = 0.0
        self._answer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not is_whole(self._answer):
            return
        now = time.perf_counter()
        if not self._answer.startswith(b"HTTP/1.1 200 "):
            self._fail(self._answer.partition(b"\r\n")[0].decode())
            return
        self._measured.delays.append(now - self._sent)
        self._answer = b""
        self._send(now)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"connection lost: {exc}")

    def _send(self, now: float | None = None) -> None:
        now = now or time.perf_counter()
        request = next(self._waiting, None) if now < self._until else None
        if request is None:
            self.finished.set_result(None)
            self._transport.close()
            return
        self._sent = now
        self._transport.write(request)

    def _fail(self, reason: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(RuntimeError(reason))


def is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(_HEAD_END)
    if not end:
        return False
    _, _, length = head.lower().partition(b"content-length: ")
    return len(body) >= int(length.split(b"\r\n", 1)[0] or b"0")
