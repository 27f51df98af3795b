"""Let go of what has served its time, and of people who have left."""

import logging
from datetime import timedelta

from bot.db import engine, schema
from bot.outbox.worker import OutboxWorker
from bot.privacy import service as privacy
from bot.runtime import Runtime
from bot.workspace import workspace_settings

log = logging.getLogger(__name__)


def purge_expired(rt: Runtime, _worker: OutboxWorker) -> None:
    now = rt.clock()
    with rt.write(rt.workspace) as tx:
        keep = workspace_settings.get(tx)
        privacy.purge_expired(
            tx,
            sent_before=now - timedelta(days=keep.sent_days),
            unmatched_before=now - timedelta(days=keep.sightings_days),
        )


def erase_deactivated(rt: Runtime, _worker: OutboxWorker) -> None:
    now = rt.clock()
    with rt.write(rt.workspace) as tx:
        keep = workspace_settings.get(tx)
        privacy.erase_deactivated(tx, before=now - timedelta(days=keep.departed_days))


def truncate_wal(rt: Runtime, _worker: OutboxWorker) -> None:
    """Leave no trace on disk of what was deleted; at the next turn, if it is in use."""
    file = engine.sqlite_file(rt.autocommit.url)
    if file is not None:
        engine.truncate_wal(file)


def remove_migration_backup(rt: Runtime, _worker: OutboxWorker) -> None:
    """Let go of the copy that was made before the last migration."""
    file = engine.sqlite_file(rt.autocommit.url)
    if file is not None and schema.delete_old_backup(file, now=rt.clock()):
        log.info("copy of before the migration removed")
