"""Let the requests that people wait for come first, then those who send little."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Somewhat longer than a command takes. Longer pauses would hold messages up while
# requests come without end: a message makes five of them.
MAX_PAUSE_SECONDS = 0.05


class RequestsInFlight:
    """Counts the requests that are being answered in this process.

    Its threads share a processor. Without pauses, a workspace with many messages to
    send, or events, slows the answers to the people of all others, and their messages
    (`benchmarks/fairness.py`).
    """

    def __init__(self, max_pause_seconds: float = MAX_PAUSE_SECONDS) -> None:
        self._max_pause_seconds = max_pause_seconds
        self._changed = threading.Condition()
        self._count = 0
        self._first_count = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count what runs in the context as a request."""
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    @contextmanager
    def give_way(self, *, is_first: bool = False) -> Iterator[None]:
        """Run the context when no request is being answered, but wait not for long.

        It waits for the contexts that are `is_first`, too, unless it is one of them.
        """
        with self._changed:
            # Before the pause: the end of a request lets all go on that wait for it.
            self._first_count += is_first
        try:
            with self._changed:
                self._changed.wait_for(
                    lambda: not (self._count or (self._first_count and not is_first)),
                    self._max_pause_seconds,
                )
            yield
        finally:
            with self._changed:
                self._first_count -= is_first
                self._changed.notify_all()
