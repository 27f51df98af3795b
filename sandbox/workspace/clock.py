"""What time it is in the sandbox: the real time, or one that is moved forward."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock, RLock
from typing import Protocol, TypeAlias

MoveListener: TypeAlias = Callable[[], None]


def utc_now() -> datetime:
    return datetime.now(UTC)


class DueWork(Protocol):
    """The part of an app in a journey, where the clock is moved far."""

    def next_due_at(self) -> datetime | None:
        """Return when the app has something to do next; None where it has nothing."""

    def run_due(self) -> None:
        """Let the app do all that is due by now."""


class TravelClock:
    """A clock to share with the app: it runs, or stands still, and can be moved on."""

    def __init__(self, start: datetime | None = None, *, running: bool = True) -> None:
        self._lock = Lock()
        # One journey at a time.
        self._move_lock = RLock()
        self._running = running
        self._listeners: list[MoveListener] = []
        self._due_work: DueWork | None = None
        self._set_time(start or utc_now())

    def __call__(self) -> datetime:
        with self._lock:
            return utc_now() + self._offset if self._running else self._frozen_at

    def run_due_work(self, due_work: DueWork) -> None:
        """Let the app do in between, at its time, what a real clock would come to."""
        self._due_work = due_work

    def advance(self, duration: timedelta) -> datetime:
        """Move on, by way of all that the app has to do before then."""
        if duration < timedelta():
            raise ValueError("The clock only goes forward.")
        with self._move_lock:
            end = self() + duration
            if self._due_work is not None:
                self._due_work.run_due()
                while (stop := self._due_work.next_due_at()) is not None and stop < end:
                    self._move_to(max(stop, self()))
                    self._due_work.run_due()
            self._move_to(max(end, self()))
            if self._due_work is not None:
                self._due_work.run_due()
        return self()

    def travel_to(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError("A moment needs its zone.")
        return self.advance(moment - self())

    def restart(self, start: datetime) -> None:
        """Begin anew at `start`, which may be earlier; nothing happens on the way."""
        with self._move_lock:
            self._set_time(start)

    def on_move(self, listener: MoveListener) -> None:
        with self._lock:
            self._listeners.append(listener)

    def _move_to(self, moment: datetime) -> None:
        self._set_time(moment)
        with self._lock:
            moved = tuple(self._listeners)
        for tell in moved:
            tell()

    def _set_time(self, moment: datetime) -> None:
        with self._lock:
            self._frozen_at = moment
            self._offset = moment - utc_now()
