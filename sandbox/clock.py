"""What time it is in the sandbox: the real time, or one that is moved forward."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock, RLock
from typing import Protocol, TypeAlias

Moved: TypeAlias = Callable[[], None]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Stops(Protocol):
    """The part of an app in a journey, where the clock is moved far."""

    def next(self) -> datetime | None:
        """Return when the app has something to do next; None where it has nothing."""

    def work(self) -> None:
        """Let the app do all that is due by now."""


class TravelClock:
    """A clock to share with the app: it runs, or stands still, and can be moved on."""

    def __init__(self, start: datetime | None = None, *, running: bool = True) -> None:
        self._lock = Lock()
        # One journey at a time.
        self._journey = RLock()
        self._running = running
        self._moved: list[Moved] = []
        self._stops: Stops | None = None
        self._set(start or utc_now())

    def __call__(self) -> datetime:
        with self._lock:
            return utc_now() + self._ahead if self._running else self._still

    def stop_on_the_way(self, stops: Stops) -> None:
        """Let the app do in between, at its time, what a real clock would come to."""
        self._stops = stops

    def advance(self, by: timedelta) -> datetime:
        """Move on, by way of all that the app has to do before then."""
        if by < timedelta():
            raise ValueError("The clock only goes forward.")
        with self._journey:
            end = self() + by
            if self._stops is not None:
                self._stops.work()
                while (stop := self._stops.next()) is not None and stop < end:
                    self._go(max(stop, self()))
                    self._stops.work()
            self._go(max(end, self()))
            if self._stops is not None:
                self._stops.work()
        return self()

    def travel_to(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError("A moment needs its zone.")
        return self.advance(moment - self())

    def restart(self, start: datetime) -> None:
        """Begin anew at `start`, which may be earlier; nothing happens on the way."""
        with self._journey:
            self._set(start)

    def on_move(self, tell: Moved) -> None:
        with self._lock:
            self._moved.append(tell)

    def _go(self, moment: datetime) -> None:
        self._set(moment)
        with self._lock:
            moved = tuple(self._moved)
        for tell in moved:
            tell()

    def _set(self, moment: datetime) -> None:
        with self._lock:
            self._still = moment
            self._ahead = moment - utc_now()
