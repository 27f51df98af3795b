"""Run a job for each workspace that the process serves."""

from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import TypeVar

from bot.db.retry import retry_on_conflict
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Transaction, Workspace

T = TypeVar("T")


def each_workspace(
    run: Callable[[Runtime, Workspace], None],
) -> Callable[[Runtime, OutboxWorker], None]:
    """Turn a function for one workspace into a job for all.

    If it fails for some workspaces, the job still handles the others, and then raises
    the errors.
    """

    @wraps(run)
    def run_for_each(rt: Runtime, _worker: OutboxWorker) -> None:
        run_all(partial(run, rt), rt.workspaces)

    return run_for_each


def run_all(work: Callable[[T], None], items: Iterable[T]) -> None:
    """Work on each item, also after one that fails; then raise the errors.

    Each is tried again once after a conflict in the database.
    """
    work_once_more = retry_on_conflict(work)
    errors: list[Exception] = []
    for item in items:
        try:
            work_once_more(item)
        except Exception as error:  # noqa: BLE001 - raised below
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("several items", errors)


def write_each(
    rt: Runtime,
    workspace: Workspace,
    work: Callable[[Transaction, T], object],
    items: Iterable[T],
) -> None:
    """Work on each item in a transaction of its own, also after one that fails."""

    def write(item: T) -> None:
        with rt.write(workspace) as tx:
            work(tx, item)

    run_all(write, items)


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
