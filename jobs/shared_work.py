"""Work on workspaces one by one, so that a slow one holds up no other."""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from threading import Condition
from time import monotonic

from bot.runtime import Workspace

# Far longer than a workspace's work takes, unless Slack is slow to answer.
PATIENCE_SECONDS = 2.0
# The most workspaces that one job works on at a time.
MAX_AT_WORK = 4

# The scheduler runs ten jobs at a time. A thread starts when it is needed.
_threads = ThreadPoolExecutor(10 * MAX_AT_WORK, "workspaces")

log = logging.getLogger(__name__)

Work = Callable[[Iterable[Workspace]], None]


class SharedWork:
    """The threads of one job, and the workspaces that they are working on.

    1. A run works on its workspaces one after the other, in one thread.
    2. If one takes longer than PATIENCE_SECONDS, another thread goes on with those
       behind it, unless MAX_AT_WORK are being worked on.
    3. The run ends when each workspace is done or takes long. Later runs leave out a
       workspace until it is done.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        # The times at which the work began, in monotonic seconds, by installation.
        self._at_work: dict[int, float] = {}

    def run(self, work: Work, workspaces: Iterable[Workspace]) -> list[BaseException]:
        """Work on the workspaces; return the errors, but those of late ends.

        `work` is called in each thread with the workspaces that it takes.
        """
        threads: list[Future[None]] = []
        with self._changed:
            todo = deque(each for each in workspaces if each.id not in self._at_work)
            mine = {workspace.id for workspace in todo}
            while todo or self._going_on(threads):
                slow = len(mine & self._slow())
                if slow < self._going_on(threads):
                    self._changed.wait(self._seconds_left(mine))
                elif not todo:
                    break
                elif not threads or len(self._at_work) < MAX_AT_WORK:
                    threads.append(self._start(work, todo))
                else:
                    self._changed.wait()
        errors = []
        for thread in threads:
            if not thread.done():
                thread.add_done_callback(_log_late_error)
            elif (error := thread.exception()) is not None:
                errors.append(error)
        return errors

    def _start(self, work: Work, todo: deque[Workspace]) -> Future[None]:
        thread = _threads.submit(self._work_through, work, todo)
        thread.add_done_callback(lambda _: self._tell())
        return thread

    def _work_through(self, work: Work, todo: deque[Workspace]) -> None:
        try:
            with closing(self._taken(todo)) as workspaces:
                work(workspaces)
        finally:
            # Unless all are done, the process is ending.
            todo.clear()

    def _taken(self, todo: deque[Workspace]) -> Generator[Workspace, None, None]:
        while todo:
            with self._changed:
                if not todo:
                    return
                workspace = todo.popleft()
                self._at_work[workspace.id] = monotonic()
            try:
                yield workspace
            finally:
                with self._changed:
                    del self._at_work[workspace.id]
                    self._changed.notify_all()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    @staticmethod
    def _going_on(threads: list[Future[None]]) -> int:
        return sum(not thread.done() for thread in threads)

    def _slow(self) -> set[int]:
        since = monotonic() - PATIENCE_SECONDS
        return {each for each, began_at in self._at_work.items() if began_at <= since}

    def _seconds_left(self, mine: set[int]) -> float:
        """Return the seconds until the next of these workspaces has taken long."""
        quick = mine & self._at_work.keys() - self._slow()
        began_at = min(map(self._at_work.__getitem__, quick), default=monotonic())
        return max(0.0, began_at + PATIENCE_SECONDS - monotonic())


def _log_late_error(thread: Future[None]) -> None:
    error = thread.exception()
    if error is not None:
        log.error("a slow workspace's job failed", exc_info=error)
