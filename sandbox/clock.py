"""What time it is in the sandbox: the real time, or one that is moved forward."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TypeAlias

Moved: TypeAlias = Callable[[], None]


def utc_now() -> datetime:
    return datetime.now(UTC)


class TravelClock:
    """A clock to share with the app: it runs, or stands still, and can be moved on."""

    def __init__(self, start: datetime | None = None, *, running: bool = True) -> None:
        self._lock = Lock()
        self._running = running
        self._moved: list[Moved] = []
        now = utc_now()
        self._still = start or now
        self._ahead = self._still - now

    def __call__(self) -> datetime:
        with self._lock:
            return utc_now() + self._ahead if self._running else self._still

    def advance(self, by: timedelta) -> datetime:
        if by < timedelta():
            raise ValueError("The clock only goes forward.")
        with self._lock:
            self._still += by
            self._ahead += by
            moved = tuple(self._moved)
        for tell in moved:
            tell()
        return self()

    def travel_to(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError("A moment needs its zone.")
        return self.advance(moment - self())

    def on_move(self, tell: Moved) -> None:
        with self._lock:
            self._moved.append(tell)
