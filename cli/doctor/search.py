"""Check that the search indexes follow the database."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.search import changes, documents, snapshot
from bot.search.follower import REPORT_EVERY
from cli.doctor.findings import Finding, ok, warning
from models import SearchReplica

SUBJECT = "Search"
# A replica that has missed this many reports is behind, or stopped.
LATE_AFTER = 5 * REPORT_EVERY


def examine(session: Session, *, clock: Clock) -> Iterator[Finding]:
    """Yield one finding. The last report of a stopped replica counts for an hour."""
    if not snapshot.IS_INSTALLED:
        yield warning(
            SUBJECT,
            "The package tantivy is not installed: people find only the newest asks.",
            "Run `uv sync` where it can be installed.",
        )
        return
    now = clock()
    count = documents.count(session)
    asks = f"{count:,} ask{'s' * (count != 1)} can be found"
    replicas = session.scalars(
        select(SearchReplica).where(
            SearchReplica.followed_at > now - timedelta(hours=1)
        )
    ).all()
    if not replicas:
        yield warning(
            SUBJECT,
            "No process has followed the database in the last hour.",
            "Start the bot. If it runs, read its log.",
        )
        return
    wanted = changes.latest_rebuild(session)
    building = [replica for replica in replicas if replica.rebuild_id < wanted]
    late = [replica for replica in replicas if now - replica.followed_at > LATE_AFTER]
    if building:
        yield warning(
            SUBJECT,
            f"{len(building)} of {len(replicas)} processes still have an index from"
            " before the last erasure or `reindex`.",
            "Wait a minute. A bot that is not running does it at its next start.",
        )
    elif late:
        yield warning(
            SUBJECT,
            f"{len(late)} of {len(replicas)} processes have not followed the database"
            f" for over {LATE_AFTER.seconds // 60} minutes.",
            "Check that the bot is running and has space on its disk, and read its"
            " log.",
        )
    else:
        yield ok(
            SUBJECT,
            f"{asks}, and {len(replicas)} processes follow them."
            if len(replicas) > 1
            else f"{asks}.",
        )
