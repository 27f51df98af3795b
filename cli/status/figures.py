"""The figures of `app.py status`, from the process and the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from bot import monitoring
from bot.clock import Clock
from bot.config.settings import Settings
from bot.db.engine import Database
from bot.feature import Features
from bot.features import load_features
from bot.monitoring import QueueDepth
from bot.runtime import Transaction
from bot.workspace.installations import to_workspace, workspace_rows
from cli.arguments import version
from cli.doctor import process
from cli.doctor.process import ProcessState
from models import Channel, Installation, Member, OutboxItem

GIVEN_UP_WITHIN = timedelta(days=7)
# A message that waits for longer needs a look.
LATE_AFTER = timedelta(minutes=5)
# With more, the status has their totals, and those that need a look.
MAX_WORKSPACES = 10


@dataclass(frozen=True, slots=True)
class Running:
    """The process on this machine, as far as it answers; times are UTC."""

    address: str
    # "here" if it runs; otherwise see `ProcessState`.
    state: str
    # Each part that is not ready, with the reason.
    problems: Mapping[str, str]
    started_at: datetime | None
    last_event_at: datetime | None
    # The number of events since the start, by type.
    events: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Work:
    """Work of a job: rows that are due since a time, or its next time (UTC)."""

    job: str
    at: datetime | None
    count: int = 0


@dataclass(frozen=True, slots=True)
class WorkspaceStatus:
    """A workspace, its queue and its work; times are UTC."""

    team_id: str
    name: str
    # Slack's reason why the bot sends nothing there, or None.
    disabled_reason: str | None
    people: int
    channels: int
    waiting: int
    due: int
    oldest_due_at: datetime | None
    given_up: int
    last_sent_at: datetime | None
    due_work: Sequence[Work]
    next_work: Sequence[Work]


@dataclass(frozen=True, slots=True)
class Totals:
    """All workspaces together; times are UTC."""

    # The numbers of workspaces: all in the database; those in which the bot works;
    # those that removed the app; those where it sends nothing for another reason.
    known: int
    working: int
    removed: int
    stopped: int
    need_a_look: int
    people: int
    channels: int
    waiting: int
    due: int
    oldest_due_at: datetime | None
    given_up: int


@dataclass(frozen=True, slots=True)
class Status:
    version: str
    database: str
    now: datetime
    process: Running
    totals: Totals
    due_work: Sequence[Work]
    # If there are more than MAX_WORKSPACES: those of them that need a look.
    workspaces: Sequence[WorkspaceStatus]


def read(settings: Settings, database: Database, *, clock: Clock) -> Status:
    """Ask the process on this machine, and read the database."""
    running = process.probe(settings)
    now = clock()
    features = load_features(settings.mentors)
    with database.read_session() as session:
        installations = workspace_rows(session)
        needy = _that_need_a_look(session, installations, now=now)
        is_many = len(installations) > MAX_WORKSPACES
        shown = needy[:MAX_WORKSPACES] if is_many else installations
        workspaces = [
            _workspace(session, installation, features, now=now)
            for installation in shown
        ]
        return Status(
            version(),
            database.engine.dialect.name,
            now,
            _running(f"{settings.host}:{settings.port}", running),
            _totals(session, installations, len(needy), now=now),
            _due_work(session, features, installations, now=now),
            workspaces,
        )


def _that_need_a_look(
    session: Session, installations: Sequence[Installation], *, now: datetime
) -> Sequence[Installation]:
    """Return workspaces in which something is wrong, beginning with the worst."""
    ids = [row.id for row in installations]
    late = _counts(
        session,
        ids,
        OutboxItem.state.in_(monitoring.QUEUED_STATES),
        OutboxItem.due_at < now - LATE_AFTER,
    )
    given_up = _counts(
        session,
        ids,
        OutboxItem.state.in_(monitoring.FAILED_STATES),
        OutboxItem.finished_at >= now - GIVEN_UP_WITHIN,
    )
    needs = {
        row.id: (_is_stopped(row), late.get(row.id, 0), given_up.get(row.id, 0))
        for row in installations
        if row.uninstalled_at is None
    }
    return sorted(
        (row for row in installations if any(needs.get(row.id, ()))),
        key=lambda row: needs[row.id],
        reverse=True,
    )


def _is_stopped(row: Installation) -> bool:
    return row.uninstalled_at is None and row.disabled_reason is not None


def _counts(
    session: Session, ids: Collection[int], *where: ColumnElement[bool]
) -> Mapping[int, int]:
    """Count such messages by installation."""
    rows = session.execute(
        select(OutboxItem.installation_id, func.count())
        .where(OutboxItem.installation_id.in_(ids), *where)
        .group_by(OutboxItem.installation_id)
    )
    return dict(rows.all())


def _totals(
    session: Session,
    installations: Sequence[Installation],
    need_a_look: int,
    *,
    now: datetime,
) -> Totals:
    ids = [row.id for row in installations if row.uninstalled_at is None]
    stopped = sum(map(_is_stopped, installations))
    queue = _queue(monitoring.outbox_depth(session, ids, now=now))
    return Totals(
        len(installations),
        len(ids) - stopped,
        len(installations) - len(ids),
        stopped,
        need_a_look,
        _people(session, ids),
        _channels(session, ids),
        queue.count,
        queue.due,
        queue.oldest_at,
        sum(
            _counts(
                session,
                ids,
                OutboxItem.state.in_(monitoring.FAILED_STATES),
                OutboxItem.finished_at >= now - GIVEN_UP_WITHIN,
            ).values()
        ),
    )


def _due_work(
    session: Session,
    features: Features,
    installations: Sequence[Installation],
    *,
    now: datetime,
) -> list[Work]:
    workspaces = [
        to_workspace(row) for row in installations if row.uninstalled_at is None
    ]
    work = monitoring.due_work_of(session, features, workspaces, now=now)
    return [
        Work(job, depth.oldest_at, depth.due)
        for job, depth in sorted(work.items())
        if depth.due
    ]


def _running(address: str, running: ProcessState) -> Running:
    def time_of(metric: str) -> datetime | None:
        seconds = running.metrics.get((metric,))
        return datetime.fromtimestamp(seconds, UTC) if seconds else None

    counts: dict[str, int] = {}
    for labels, value in running.metrics.items():
        match labels:
            case ("backswing_events_total", _outcome, event_type):
                counts[event_type] = counts.get(event_type, 0) + int(value)
    return Running(
        address,
        running.state,
        {part: reason for part, reason in running.parts.items() if reason != "ok"},
        time_of("process_start_time_seconds"),
        time_of("backswing_last_event_timestamp_seconds"),
        counts,
    )


def _workspace(
    session: Session, installation: Installation, features: Features, *, now: datetime
) -> WorkspaceStatus:
    tx = Transaction(session, to_workspace(installation), now, features)
    ids = [installation.id]
    queue = _queue(monitoring.outbox_depth(session, ids, now=now))
    failures = monitoring.failed(tx, since=now - GIVEN_UP_WITHIN)
    return WorkspaceStatus(
        installation.team_id,
        installation.team_name,
        installation.disabled_reason,
        _people(session, ids),
        _channels(session, ids),
        queue.count,
        queue.due,
        queue.oldest_at,
        sum(failure.count for failure in failures),
        session.scalar(
            select(func.max(OutboxItem.finished_at)).where(
                OutboxItem.installation_id == installation.id,
                OutboxItem.state == "sent",
            )
        ),
        [
            Work(job, depth.oldest_at, depth.due)
            for job, depth in monitoring.due_work(tx).items()
            if depth.due
        ],
        _next_work(tx),
    )


def _queue(depths: Mapping[str, QueueDepth]) -> QueueDepth:
    return sum((depths[s] for s in monitoring.QUEUED_STATES), QueueDepth(0, 0, None))


def _people(session: Session, ids: Collection[int]) -> int:
    return _count(
        session,
        Member.installation_id.in_(ids),
        Member.fetched_at.is_not(None),
        Member.erased_at.is_(None),
        Member.is_bot.is_(False),
        Member.is_deactivated.is_(False),
    )


def _channels(session: Session, ids: Collection[int]) -> int:
    return _count(
        session,
        Channel.installation_id.in_(ids),
        Channel.is_joined.is_(True),
        Channel.is_archived.is_(False),
    )


def _count(session: Session, *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(*where)) or 0


def _next_work(tx: Transaction) -> list[Work]:
    """Return the next time of each job, the earliest first."""
    times: dict[str, datetime] = {}
    for job, at in monitoring.next_times(tx):
        times[job] = min(at, times.get(job, at))
    return sorted(
        (Work(job, at) for job, at in times.items()),
        key=lambda work: (work.at or tx.now, work.job),
    )
