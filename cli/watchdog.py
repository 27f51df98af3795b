"""Watch the parts without which the process would live on and do nothing."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handlers.readiness import Check

CHECK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class WatchedPart:
    """A vital part; `check` returns the reason why it is not well, or None."""

    check: Check
    # The operator's message when the part has failed.
    message: str
    # The time that it may be not well; 0 for a part that never recovers.
    max_down_seconds: float = 0.0


class Watchdog:
    """Calls `on_fatal` with a message when a part has failed for too long.

    Until then it calls `on_alive` after each check of all parts. Time is counted in
    checks: while the whole process is suspended, none are missed.
    """

    def __init__(
        self,
        parts: Sequence[WatchedPart],
        on_fatal: Callable[[str], None],
        *,
        on_alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._parts = parts
        self._on_fatal = on_fatal
        self._on_alive = on_alive
        self._failed_checks: Counter[WatchedPart] = Counter()

    async def run(self) -> None:
        while not self.check():  # noqa: ASYNC110 - a thread that dies tells nobody
            await asyncio.sleep(CHECK_SECONDS)

    def check(self) -> bool:
        """Check each part once; return True if one has failed for good."""
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
        self._on_alive()
        return False
