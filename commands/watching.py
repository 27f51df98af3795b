"""Watches the parts without which the process would live on and do nothing."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handlers.readiness import Check

LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Vital:
    """A part that the process lives by; `check` says why it is not well, or None."""

    check: Check
    # For the operator, when it is over.
    why: str
    # For how long it may be not well: one that has ended comes back never.
    patience_seconds: float = 0.0


class Watch:
    """`give_up` is told why, when a part has ended or is not well for too long.

    Time counts by looks: while the whole process stands still, nothing gets worse.
    """

    def __init__(self, vitals: Sequence[Vital], give_up: Callable[[str], None]) -> None:
        self._vitals = vitals
        self._give_up = give_up
        self._looks: Counter[Vital] = Counter()

    async def run(self) -> None:
        while not self.look():  # noqa: ASYNC110 - a thread that dies tells nobody
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> bool:
        """Look at each part once; whether it is over."""
        for vital in self._vitals:
            if vital.check() is None:
                self._looks[vital] = 0
                continue
            self._looks[vital] += 1
            if (self._looks[vital] - 1) * LOOK_SECONDS >= vital.patience_seconds:
                self._give_up(vital.why)
                return True
        return False
