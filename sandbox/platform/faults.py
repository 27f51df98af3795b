"""Faults to switch on: failures of Slack and the network.

For a Web API call: `ratelimited`, `server_error` (503 and HTML), `internal_error`,
`reset`, `timeout`, `truncated`, `slow`; with `after`, the call takes effect all the
same. For an event, by its type: `lost_ack`, `duplicate`, `twin` (again, with another
event id), `delay`, `reorder`, `drop`; for a command or an interaction: `lost_ack`,
`duplicate`.
"""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Final

from sandbox.workspace.records import Json

CALL_FAULTS: Final = (
    "ratelimited",
    "server_error",
    "internal_error",
    "reset",
    "timeout",
    "truncated",
    "slow",
)
DELIVERY_FAULTS: Final = (
    "lost_ack",
    "duplicate",
    "twin",
    "delay",
    "reorder",
    "drop",
)


@dataclass(slots=True)
class Fault:
    id: int
    kind: str
    # A method, event type, command or interaction type, or "*".
    target: str
    times: int | None
    chance: float
    after: bool
    seconds: float
    retry_after: int
    fired: int = 0

    @property
    def is_exhausted(self) -> bool:
        return self.times is not None and self.fired >= self.times


@dataclass(frozen=True, slots=True)
class FaultRecord:
    kind: str
    target: str
    at: datetime


class Faults:
    def __init__(self, clock: Callable[[], datetime], seed: int = 0) -> None:
        self._clock = clock
        self._lock = Lock()
        self._random = random.Random(seed)  # noqa: S311  # Not for secrets.
        self._ids = count(1)
        self._faults: list[Fault] = []
        self.history: list[FaultRecord] = []

    def seed(self, seed: int) -> None:
        with self._lock:
            self._random.seed(seed)

    def add(
        self,
        kind: str,
        target: str = "*",
        *,
        times: int | None = None,
        chance: float = 1.0,
        after: bool = False,
        seconds: float = 5.0,
        retry_after: int = 30,
    ) -> Fault:
        if kind not in CALL_FAULTS + DELIVERY_FAULTS:
            known = ", ".join(CALL_FAULTS + DELIVERY_FAULTS)
            raise ValueError(f"no fault {kind!r}; there is {known}")
        if not 0 <= chance <= 1:
            raise ValueError("a chance is between 0 and 1")
        with self._lock:
            fault = Fault(
                id=next(self._ids),
                kind=kind,
                target=target,
                times=times,
                chance=chance,
                after=after,
                seconds=seconds,
                retry_after=retry_after,
            )
            self._faults.append(fault)
            return fault

    def remove(self, fault_id: int) -> None:
        with self._lock:
            self._faults = [f for f in self._faults if f.id != fault_id]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def to_json(self) -> list[Json]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def next_for_call(self, method: str) -> Fault | None:
        return self._next(method, CALL_FAULTS)

    def next_for_delivery(self, name: str) -> Fault | None:
        return self._next(name, DELIVERY_FAULTS)

    def _next(self, target: str, kinds: tuple[str, ...]) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.kind not in kinds or fault.is_exhausted:
                    continue
                if fault.target not in ("*", target):
                    continue
                if self._random.random() >= fault.chance:
                    continue
                fault.fired += 1
                self.history.append(FaultRecord(fault.kind, target, self._clock()))
                return fault
        return None
