"""The status as lines for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from cli.duration import duration
from cli.status.figures import (
    MAX_WORKSPACES,
    Running,
    Status,
    Totals,
    Work,
    WorkspaceStatus,
)

# Together with the rest, these fit on a terminal of 40 lines.
MAX_JOBS = 8
MAX_EVENT_TYPES = 5

_STATES: Mapping[str, str] = {
    "away": "not running: nothing answers",
    "nowhere": "HOST is not an address of this machine",
    "other": "another program answers, or the bot does not answer in time",
}


def lines(status: Status) -> Iterator[str]:
    """Yield the lines for a terminal."""
    now = status.now
    database = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[status.database]
    yield f"Backswing {status.version}, {database}, {now:%Y-%m-%d %H:%M} UTC"
    yield ""
    yield from _process_lines(status.process, now=now)
    yield ""
    if not status.totals.known:
        yield "The database has no workspace yet: start the bot once with a token."
        return
    is_many = status.totals.known > MAX_WORKSPACES
    if is_many:
        yield from _total_lines(status.totals, now=now)
        yield ""
    yield from _workspace_lines(status.workspaces, now=now)
    if more := is_many and status.totals.need_a_look - len(status.workspaces):
        yield f"and {more:,} more that need a look"
    yield ""
    yield from _due_lines(status.due_work, now=now)
    # In a thousand workspaces something comes each second.
    if not is_many:
        yield from _next_lines(status.workspaces, now=now)


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


def _total_lines(totals: Totals, *, now: datetime) -> Iterator[str]:
    due = f"{totals.due:,} due"
    if totals.due:
        due += f" ({_since(totals.oldest_due_at, now)})"
    yield (
        f"Workspaces  {totals.working:,} with the app, {totals.removed:,} removed it,"
        f" the bot is stopped in {totals.stopped:,}"
    )
    yield f"People      {totals.people:,} in {totals.channels:,} channels"
    yield (
        f"Messages    {totals.waiting:,} waiting, {due}, {totals.given_up:,} given up"
        " in 7 days"
    )


def _workspace_lines(
    workspaces: Sequence[WorkspaceStatus], *, now: datetime
) -> Iterator[str]:
    """Yield a table: first the workspaces that need a look."""
    if not workspaces:
        yield "No workspace needs a look."
        return
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
        for each in ranked
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
    for each in ranked:
        if each.disabled_reason:
            yield (
                f"{_label(each)}: the bot sends nothing, because Slack said"
                f" {each.disabled_reason}"
            )


def _due_lines(due_work: Sequence[Work], *, now: datetime) -> Iterator[str]:
    for work in due_work:
        since = f", {_since(work.at, now)}" if work.at else ""
        yield f"Due now     {work.job}: {work.count}{since}"


def _next_lines(
    workspaces: Sequence[WorkspaceStatus], *, now: datetime
) -> Iterator[str]:
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
