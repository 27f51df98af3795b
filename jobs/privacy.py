"""Delete expired data, and erase deactivated members."""

import logging
from datetime import timedelta

from bot.db import engine, schema
from bot.outbox.worker import OutboxWorker
from bot.privacy import service as privacy
from bot.runtime import Runtime, Workspace
from bot.workspace import workspace_settings
from bot.workspace.installations import have_rows, select_with
from jobs.each_workspace import (
    each_workspace_with,
    in_threads,
    known_workspaces,
)
from jobs.in_turn import in_turn

log = logging.getLogger(__name__)


def _purge(rt: Runtime, workspace: Workspace) -> None:
    now = rt.clock()
    with rt.write(workspace) as tx:
        settings = workspace_settings.get(tx)
        privacy.purge_expired(
            tx,
            sent_before=now - timedelta(days=settings.sent_retention_days),
            unmatched_before=now - timedelta(days=settings.unmatched_retention_days),
        )


purge_expired = in_turn(
    "purge-expired", every=timedelta(days=1), limit=20, all_known=True
)(_purge)
_purge_each = in_threads(_purge)


def purge_short_lived(rt: Runtime, _worker: OutboxWorker) -> None:
    """Delete expired data where there are such that are kept only for hours."""
    conditions = have_rows(rt.features.short_lived, rt.clock())
    with rt.autocommit.connect() as connection:
        ids = {*connection.scalars(select_with(conditions))}
    if ids:
        _purge_each(rt, [each for each in known_workspaces(rt) if each.id in ids])


@each_workspace_with(privacy.deactivated, all_known=True)
def erase_deactivated(rt: Runtime, workspace: Workspace) -> None:
    now = rt.clock()
    with rt.write(workspace) as tx:
        settings = workspace_settings.get(tx)
        before = now - timedelta(days=settings.deactivated_retention_days)
        privacy.erase_deactivated(tx, before=before)


def truncate_wal(rt: Runtime, _worker: OutboxWorker) -> None:
    """Truncate the write-ahead log, which may still contain deleted data.

    If the log is in use, the next run tries again.
    """
    file = engine.sqlite_file(rt.autocommit.url)
    if file is not None:
        engine.truncate_wal(file)


def remove_migration_backup(rt: Runtime, _worker: OutboxWorker) -> None:
    """Delete the backup from before the last migration once it is old enough."""
    file = engine.sqlite_file(rt.autocommit.url)
    if file is not None and schema.delete_old_backup(file, now=rt.clock()):
        log.info("copy from before the migration removed")
