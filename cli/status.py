"""`app.py status`: one screen about the process, its workspaces and its work."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import monitoring
from bot.clock import Clock, utc_now
from bot.config.settings import Settings
from bot.db.engine import Database
from bot.db.open import describe_failure
from bot.errors import SettingsError
from bot.feature import Features
from bot.features import load_features
from bot.monitoring import QueueDepth
from bot.runtime import Transaction
from bot.workspace.installations import to_workspace, workspace_rows
from cli.arguments import version
from cli.database import current_database
from cli.doctor import process
from cli.doctor.process import ProcessState
from cli.duration import duration
from models import Channel, Installation, Member, OutboxItem

GIVEN_UP_WITHIN = timedelta(days=7)
# Together with the rest, these fit on a terminal of 40 lines.
MAX_WORKSPACES = 10
MAX_JOBS = 8
MAX_EVENT_TYPES = 5

_STATES: Mapping[str, str] = {
    "away": "not running: nothing answers",
    "nowhere": "HOST is not an address of this machine",
    "other": "another program answers, or the bot does not answer in time",
}


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
class Status:
    version: str
    database: str
    now: datetime
    process: Running
    workspaces: Sequence[WorkspaceStatus]


def show(settings: Settings, args: argparse.Namespace) -> int:
    """Print the status. Raises CommandError and SettingsError."""
    try:
        with current_database(settings, purpose="to show") as database:
            status = read(settings, database, clock=utc_now)
    except SQLAlchemyError as error:
        raise SettingsError(f"DATABASE_URL: {describe_failure(error)}") from None
    if args.json:
        print(json.dumps(asdict(status), default=datetime.isoformat, indent=2))
    else:
        print("\n".join(lines(status)))
    return 0


def read(settings: Settings, database: Database, *, clock: Clock) -> Status:
    """Ask the process on this machine, and read the database."""
    running = process.probe(settings)
    now = clock()
    features = load_features(settings.mentors)
    with database.read_session() as session:
        installations = workspace_rows(session)
        workspaces = [
            _workspace(session, installation, features, now=now)
            for installation in installations
        ]
    return Status(
        version(),
        database.engine.dialect.name,
        now,
        _running(f"{settings.host}:{settings.port}", running),
        workspaces,
    )


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
    depths = monitoring.outbox_depth(tx)
    queue = sum((depths[s] for s in monitoring.QUEUED_STATES), QueueDepth(0, 0, None))
    failures = monitoring.failed(tx, since=now - GIVEN_UP_WITHIN)
    return WorkspaceStatus(
        installation.team_id,
        installation.team_name,
        installation.disabled_reason,
        _count(
            session,
            Member.installation_id == installation.id,
            Member.fetched_at.is_not(None),
            Member.erased_at.is_(None),
            Member.is_bot.is_(False),
            Member.is_deactivated.is_(False),
        ),
        _count(
            session,
            Channel.installation_id == installation.id,
            Channel.is_joined.is_(True),
            Channel.is_archived.is_(False),
        ),
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


def lines(status: Status) -> Iterator[str]:
    """Yield the lines for a terminal."""
    now = status.now
    database = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[status.database]
    yield f"Backswing {status.version}, {database}, {now:%Y-%m-%d %H:%M} UTC"
    yield ""
    yield from _process_lines(status.process, now=now)
    yield ""
    if not status.workspaces:
        yield "The database has no workspace yet: start the bot once with a token."
        return
    yield from _workspace_lines(status.workspaces, now=now)
    yield ""
    yield from _work_lines(status.workspaces, now=now)


def _process_lines(running: Running, *, now: datetime) -> Iterator[str]:
    state = _STATES.get(running.state)
    if state is not None:
        yield f"Process     {state} ({running.address})"
        yield "Last event  unknown while the process does not answer"
        return
    ready = "not ready" if running.problems else "ready"
    since = f", started {_ago(running.started_at, now)}"
    yield f"Process     {ready} on {running.address}{since}"
    for part, reason in running.problems.items():
        yield f"            {part}: {reason}"
    yield f"Last event  {_ago(running.last_event_at, now)}"
    if running.events:
        ranked = sorted(running.events.items(), key=lambda item: (-item[1], item[0]))
        shown = [f"{count} {name}" for name, count in ranked[:MAX_EVENT_TYPES]]
        if rest := sum(count for _, count in ranked[MAX_EVENT_TYPES:]):
            shown.append(f"{rest} more")
        yield f"            since the start: {', '.join(shown)}"


def _workspace_lines(
    workspaces: Sequence[WorkspaceStatus], *, now: datetime
) -> Iterator[str]:
    """Yield a table: first the workspaces that need a look."""
    ranked = sorted(
        workspaces,
        key=lambda each: (each.disabled_reason is None, -each.due, -each.given_up),
    )
    rows = [
        (
            _label(each),
            str(each.people),
            str(each.channels),
            str(each.waiting),
            f"{each.due} ({_since(each.oldest_due_at, now)})"
            if each.due
            else str(each.due),
            str(each.given_up),
            _ago(each.last_sent_at, now),
        )
        for each in ranked[:MAX_WORKSPACES]
    ]
    heads = (
        "Workspace",
        "people",
        "channels",
        "waiting",
        "due",
        "given up in 7 days",
        "last sent",
    )
    yield from _table([heads, *rows])
    if (more := len(ranked) - MAX_WORKSPACES) and more > 0:
        yield f"and {more} more"
    for each in ranked[:MAX_WORKSPACES]:
        if each.disabled_reason:
            yield (
                f"{_label(each)}: the bot sends nothing, because Slack said"
                f" {each.disabled_reason}"
            )


def _work_lines(
    workspaces: Sequence[WorkspaceStatus], *, now: datetime
) -> Iterator[str]:
    due: dict[str, QueueDepth] = {}
    for work in (work for each in workspaces for work in each.due_work):
        depth = QueueDepth(work.count, work.count, work.at)
        due[work.job] = due[work.job] + depth if work.job in due else depth
    for job, depth in sorted(due.items()):
        since = f", {_since(depth.oldest_at, now)}" if depth.oldest_at else ""
        yield f"Due now     {job}: {depth.count}{since}"
    coming = sorted(
        (work.at, work.job, _label(each))
        for each in workspaces
        for work in each.next_work
        if work.at is not None
    )
    if not coming:
        yield "Next jobs   none planned"
        return
    rows = [
        (f"{at:%Y-%m-%d %H:%M} UTC", f"in {_between(now, at)}", job, label)
        for at, job, label in coming[:MAX_JOBS]
    ]
    is_single = len(workspaces) == 1
    for n, line in enumerate(_table([row[:3] if is_single else row for row in rows])):
        yield f"{'' if n else 'Next jobs':<12}{line}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _label(workspace: WorkspaceStatus) -> str:
    return f"{workspace.name} ({workspace.team_id})".strip()


def _ago(at: datetime | None, now: datetime) -> str:
    return "never" if at is None else f"{_between(at, now)} ago"


def _since(at: datetime | None, now: datetime) -> str:
    return "" if at is None else f"for {_between(at, now)}"


def _between(first: datetime, second: datetime) -> str:
    return duration((second - first).total_seconds())
