"""When jobs work on each workspace: one of several replicas does, and the others don't.

A job's time in a workspace is a row; without one, the job is due at once. The replica
that moves the time ahead has claimed the work. If it ends before it is done, the job is
due again after LEASE.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from bot.db.statement_time import Time
from bot.db.statements import upsert
from bot.workspace.workspace_erasure import IS_ERASED
from models import Installation, JobRun

# Longer than the work of a job on one workspace takes.
LEASE = timedelta(minutes=10)

# The clocks of two replicas differ by less.
MAX_CLOCK_DIFFERENCE = timedelta(minutes=1)

# The job that fetches the channels that the bot is in.
SYNC_CHANNELS = "sync-channels"
# The job that asks an organisation for its workspaces.
FOLLOW_ORGANISATION = "follow-organisations"


def select_due(
    job: str,
    *,
    every: timedelta,
    now: Time,
    conditions: Sequence[ColumnElement[bool]] = (),
    of_organisations: bool = False,
) -> Select[int]:
    """Select the workspaces in which a job is due, those that wait longest first.

    `conditions` are about columns of `Installation`; one must hold, if there are any.
    With `of_organisations`, it selects organisations.
    """
    is_own = and_(JobRun.installation_id == Installation.id, JobRun.job == job)
    return (
        select(Installation.id)
        .outerjoin(JobRun, is_own)
        .where(
            Installation.is_organisation.is_(of_organisations),
            ~IS_ERASED,
            JobRun.due_at.is_(None) | _is_due(every, now),
            or_(*conditions) if conditions else true(),
        )
        .order_by(JobRun.due_at.nulls_first(), Installation.id)
    )


def claim(
    session: Session,
    job: str,
    installation_ids: Collection[int],
    *,
    every: timedelta,
    now: datetime,
) -> set[int]:
    """Claim a job's work on these workspaces; return those that no other has claimed.

    Those that are erased meanwhile are left out. With an interval of up to LEASE, the
    job needs no `finish`.
    """
    if not installation_ids:
        return set()
    # An erasure begins before this or waits for the end of the transaction.
    present = session.scalars(
        select(Installation.id)
        .where(Installation.id.in_(installation_ids), ~IS_ERASED)
        # All replicas lock the rows in the same order.
        .order_by(Installation.id)
        .with_for_update(read=True, key_share=True)
    ).all()
    if not present:
        return set()
    statement = upsert(session, JobRun).values(
        [
            {"job": job, "installation_id": each, "due_at": now + min(every, LEASE)}
            for each in present
        ]
    )
    return set(
        session.scalars(
            statement.on_conflict_do_update(
                index_elements=["job", "installation_id"],
                set_={"due_at": statement.excluded.due_at},
                where=_is_due(every, now),
            ).returning(JobRun.installation_id)
        )
    )


def finish(
    session: Session,
    job: str,
    installation_id: int,
    *,
    claimed_at: datetime,
    due_at: datetime,
) -> None:
    """Record that a claim's work is done, and when it is due again (UTC).

    If the work was claimed again meanwhile, that claim stays.
    """
    session.execute(
        update(JobRun)
        .where(
            JobRun.installation_id == installation_id,
            JobRun.job == job,
            JobRun.due_at == claimed_at + LEASE,
        )
        .values(due_at=due_at)
    )


def ask_again(session: Session, job: str, installation_id: int) -> None:
    """Let a job be due in a workspace at once."""
    session.execute(
        delete(JobRun).where(
            JobRun.installation_id == installation_id, JobRun.job == job
        )
    )


def ask_all_again(
    session: Session, job: str, *, every: timedelta, since: datetime
) -> None:
    """Let a job be due at once where its work was done before a time (UTC)."""
    session.execute(
        delete(JobRun).where(JobRun.job == job, JobRun.due_at <= since + every)
    )


def _is_due(every: timedelta, now: Time) -> ColumnElement[bool]:
    # A later time was stored before the clock was set back.
    latest = now + (every + MAX_CLOCK_DIFFERENCE)
    return or_(JobRun.due_at <= now, JobRun.due_at > latest)
