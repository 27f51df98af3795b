"""Let go of what has served its time, and of people who have left."""

import logging
from datetime import timedelta

from bot import db, schema
from bot.delivery import Deliverer
from bot.policies import service as policies
from bot.privacy import service as privacy
from bot.runtime import Runtime

log = logging.getLogger(__name__)


def purge(rt: Runtime, _deliverer: Deliverer) -> None:
    now = rt.clock()
    with rt.sessions.begin() as session:
        keep = policies.of(session, rt.workspace.id)
        privacy.purge(
            session,
            rt.workspace.id,
            sent_before=now - timedelta(days=keep.sent_days),
            seen_before=now - timedelta(days=keep.sightings_days),
            now=now,
        )


def forget_departed(rt: Runtime, _deliverer: Deliverer) -> None:
    now = rt.clock()
    with rt.sessions.begin() as session:
        keep = policies.of(session, rt.workspace.id)
        privacy.forget_departed(
            session,
            rt.workspace.id,
            before=now - timedelta(days=keep.departed_days),
            now=now,
        )


def empty_log(rt: Runtime, _deliverer: Deliverer) -> None:
    """Leave no trace on disk of what was deleted; at the next turn, if it is in use."""
    file = db.sqlite_file(rt.lookups.url)
    if file is not None:
        db.empty_log(file)


def remove_old_copy(rt: Runtime, _deliverer: Deliverer) -> None:
    """Let go of the copy that was made before the last migration."""
    file = db.sqlite_file(rt.lookups.url)
    if file is not None and schema.remove_old_copy(file, now=rt.clock()):
        log.info("copy of before the migration removed")
