"""Watches the parts without which the process would live on and do nothing."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handlers.readiness import Check

CHECK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class WatchedPart:
    """A part that the process lives by; `check` says why it is not well, or None."""

    check: Check
    # For the operator, when it is over.
    message: str
    # For how long it may be not well: one that has ended comes back never.
    max_down_seconds: float = 0.0


class Watchdog:
    """`give_up` is told why, when a part has ended or is not well for too long.

    Time counts by looks: while the whole process stands still, nothing gets worse.
    """

    def __init__(
        self, parts: Sequence[WatchedPart], on_fatal: Callable[[str], None]
    ) -> None:
        self._parts = parts
        self._on_fatal = on_fatal
        self._failed_checks: Counter[WatchedPart] = Counter()

    async def run(self) -> None:
        while not self.check():  # noqa: ASYNC110 - a thread that dies tells nobody
            await asyncio.sleep(CHECK_SECONDS)

    def check(self) -> bool:
        """Look at each part once; whether it is over."""
        for vital in self._parts:
            if vital.check() is None:
                self._failed_checks[vital] = 0
                continue
            self._failed_checks[vital] += 1
            if (
                self._failed_checks[vital] - 1
            ) * CHECK_SECONDS >= vital.max_down_seconds:
                self._on_fatal(vital.message)
                return True
        return False
