"""Run a job for each workspace that the process serves."""

from collections.abc import Callable
from functools import wraps

from bot.db.retry import retry_on_conflict
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Workspace


def each_workspace(
    run: Callable[[Runtime, Workspace], None],
) -> Callable[[Runtime, OutboxWorker], None]:
    """Turn a function for one workspace into a job for all.

    If it fails for some workspaces, the job still handles the others, and then raises
    the errors.
    """
    run_once_more = retry_on_conflict(run)

    @wraps(run)
    def run_for_each(rt: Runtime, _worker: OutboxWorker) -> None:
        errors: list[Exception] = []
        for workspace in rt.workspaces:
            try:
                run_once_more(rt, workspace)
            except Exception as error:  # noqa: BLE001 - raised below
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("several workspaces", errors)

    return run_for_each
