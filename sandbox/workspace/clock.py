"""The sandbox's clock: the real time, or one that can be moved forward."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock, RLock
from typing import Protocol, TypeAlias

MoveListener: TypeAlias = Callable[[], None]


def utc_now() -> datetime:
    return datetime.now(UTC)


class DueWork(Protocol):
    """An app's scheduled work, run while the clock travels."""

    def next_due_at(self) -> datetime | None:
        """Return the time of the app's next work; None if there is none."""

    def run_due(self) -> None:
        """Run all of the app's work that is due by now."""


class TravelClock:
    """A clock shared with the app: running or frozen, and movable forward."""

    def __init__(self, start: datetime | None = None, *, running: bool = True) -> None:
        self._lock = Lock()
        # One travel at a time.
        self._move_lock = RLock()
        self._running = running
        self._listeners: list[MoveListener] = []
        self._due_work: DueWork | None = None
        self._set_time(start or utc_now())

    def __call__(self) -> datetime:
        with self._lock:
            return utc_now() + self._offset if self._running else self._frozen_at

    def run_due_work(self, due_work: DueWork) -> None:
        """Set the app's work, to be run at its times while the clock travels."""
        self._due_work = due_work

    def advance(self, duration: timedelta) -> datetime:
        """Move forward, and run the app's work that is due on the way."""
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
            raise ValueError("The time needs a zone.")
        return self.advance(moment - self())

    def restart(self, start: datetime) -> None:
        """Set the clock to `start`, which may be earlier; no work is run."""
        with self._move_lock:
            self._set_time(start)

    def on_move(self, listener: MoveListener) -> None:
        with self._lock:
            self._listeners.append(listener)

    def _move_to(self, moment: datetime) -> None:
        self._set_time(moment)
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def _set_time(self, moment: datetime) -> None:
        with self._lock:
            self._frozen_at = moment
            self._offset = moment - utc_now()
