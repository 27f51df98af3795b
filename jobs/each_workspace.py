"""Run a job for each workspace that the process serves."""

from collections.abc import Callable
from functools import wraps

from bot.db.retry import retry_on_conflict
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Transaction, Workspace


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


def write_if(
    rt: Runtime,
    workspace: Workspace,
    is_due: Callable[[Transaction], bool],
    work: Callable[[Transaction], object],
) -> None:
    """Work in a transaction that writes, if one that blocks no writer finds it due."""
    with rt.read(workspace) as tx:
        is_needed = is_due(tx)
    if is_needed:
        with rt.write(workspace) as tx:
            work(tx)


def work_if_due(
    is_due: Callable[[Transaction], bool], work: Callable[[Transaction], object]
) -> Callable[[Runtime, OutboxWorker], None]:
    """Return the job that does the work of each workspace where it is due."""

    @each_workspace
    def run(rt: Runtime, workspace: Workspace) -> None:
        write_if(rt, workspace, is_due, work)

    return run
