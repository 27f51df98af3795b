"""Run a job for each workspace that the process serves."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial, wraps
from typing import Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot.db.retry import retry_on_conflict
from bot.feature.hooks import RowsOf
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Transaction, Workspace
from bot.workspace import installations
from jobs.shared_work import SharedWork

T = TypeVar("T")
C = TypeVar("C", bound=Collection[object])


class Buffer(Protocol[C]):
    """Collects in memory, by the installation's id, what a job stores."""

    def drain(self, installation_id: int, /) -> C: ...

    def restore(self, installation_id: int, items: C, /) -> None: ...


def each_workspace(
    run: Callable[[Runtime, Workspace], None],
) -> Callable[[Runtime, OutboxWorker], None]:
    """Turn a function for one workspace into a job for all.

    If it fails for some workspaces, the job still handles the others, and then raises
    the errors. A workspace that takes long holds up no other (`SharedWork`).
    """
    run_all_workspaces = in_threads(run)

    @wraps(run)
    def run_for_each(rt: Runtime, _worker: OutboxWorker) -> None:
        run_all_workspaces(rt, list(rt.workspaces))

    return run_for_each


def each_workspace_with(
    *rows_of: RowsOf, all_known: bool = False
) -> Callable[
    [Callable[[Runtime, Workspace], None]], Callable[[Runtime, OutboxWorker], None]
]:
    """Turn a function for one workspace into a job for those that have such rows.

    One statement asks for all workspaces, so that those in which nothing happens cost
    nothing. It may name some that have no work, but none may be missing. `all_known`:
    also for those that are not served.
    """

    def decorate(
        run: Callable[[Runtime, Workspace], None],
    ) -> Callable[[Runtime, OutboxWorker], None]:
        run_all_workspaces = in_threads(run)

        @wraps(run)
        def run_for_each(rt: Runtime, _worker: OutboxWorker) -> None:
            with rt.autocommit.connect() as connection:
                ids = installations.ids_with(connection, rows_of, now=rt.clock())
            workspaces = known_workspaces(rt) if all_known and ids else rt.workspaces
            run_all_workspaces(rt, [each for each in workspaces if each.id in ids])

        return run_for_each

    return decorate


def known_workspaces(rt: Runtime) -> Sequence[Workspace]:
    """Return all workspaces in the database.

    Also those that removed the app, or whose token this process doesn't have: their
    data ages, too. A job can't call Slack for these.
    """
    with rt.read_session() as session:
        return installations.all_workspaces(session)


def in_threads(
    run: Callable[[Runtime, Workspace], None],
) -> Callable[[Runtime, Sequence[Workspace]], None]:
    """Return a function that runs this one for several workspaces; see `SharedWork`."""
    shared = SharedWork()

    def run_all_workspaces(rt: Runtime, workspaces: Sequence[Workspace]) -> None:
        work = partial(run_all, partial(run, rt))
        if len(rt.workspaces) <= 1 and len(workspaces) <= 1:
            work(workspaces)
        else:
            _raise(shared.run(work, workspaces))

    return run_all_workspaces


def run_all(work: Callable[[T], object], items: Iterable[T]) -> None:
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
    _raise(errors)


def _raise(errors: Sequence[BaseException]) -> None:
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup("several items", errors)


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


def write_drained(
    rt: Runtime,
    workspace: Workspace,
    buffer: Buffer[C],
    store: Callable[[Transaction, C], object],
) -> None:
    """Store what a buffer has collected; put it back if the database fails."""
    items = buffer.drain(workspace.id)
    if not items:
        return
    try:
        with rt.write(workspace) as tx:
            store(tx, items)
    except SQLAlchemyError:
        buffer.restore(workspace.id, items)
        raise


def write_where(
    rows_of: RowsOf, work: Callable[[Transaction], object]
) -> Callable[[Runtime, OutboxWorker], None]:
    """Return the job that works in a transaction of each workspace with such rows."""

    @each_workspace_with(rows_of)
    def run(rt: Runtime, workspace: Workspace) -> None:
        with rt.write(workspace) as tx:
            work(tx)

    return run
