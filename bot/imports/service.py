"""Import an export as history: by the rules of live messages, without notices."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.imports.entries import ExportChannel
from bot.imports.export import BadExport, DayFile, Export
from bot.imports.importer import USERS_BATCH_SIZE, Importer
from bot.imports.report import ImportSummary, count_stored
from bot.mentors import message_counts
from bot.runtime import Transaction, Workspace
from bot.workspace.installations import get_or_create
from models import Installation

# Bytes of day files per transaction; a larger day is one transaction.
_BATCH_BYTES = 256 * 1024


def load(
    sessions: sessionmaker[Session],
    export: Export,
    export_channels: Sequence[ExportChannel],
    *,
    capture: str,
    now: datetime,
    on_step: Callable[[], object] = lambda: None,
) -> ImportSummary:
    """Import these channels; `on_step` is called `count_steps` times. Raises BadExport.

    A few days at a time are a transaction, first for their asks and then for the asks'
    threads. An import may be interrupted at any point; a second run finds the rows of
    the first, and ends as one run would have.
    """
    days = export.days(export_channels)
    with sessions.begin() as session:
        workspace = _find_workspace(session, export, now=now)
        if workspace.enterprise_id is None:
            workspace = replace(workspace, enterprise_id=export.enterprise_id)
        before = count_stored(Transaction(session, workspace, now), export_channels)
    loader = Importer(export, workspace, capture, now, export.latest or now)
    for start in range(0, len(export.users), USERS_BATCH_SIZE):
        with sessions.begin() as session:
            loader.import_users(Transaction(session, workspace, now), start)
    with sessions.begin() as session:
        loader.import_channels(Transaction(session, workspace, now), export_channels)
    for take in (loader.import_asks, loader.import_threads):
        for some in _batches(days):
            with sessions.begin() as session:
                for day in some:
                    take(Transaction(session, workspace, now), day)
            for _ in some:
                on_step()
    with sessions.begin() as session:
        message_counts.raise_to(
            Transaction(session, workspace, now), loader.messages_written
        )
        after = count_stored(Transaction(session, workspace, now), export_channels)
    return ImportSummary(
        channels=len(export_channels),
        users=len(export.users),
        kinds=loader.kinds,
        asks=after.asks,
        answers=after.answers,
        helpful=after.helpful,
        solutions=after.solutions,
        new_asks=after.asks.total() - before.asks.total(),
        new_answers=after.answers - before.answers,
        unnamed_reactions=loader.unnamed_reactions,
        skipped=export.skipped,
    )


def count_steps(export: Export, export_channels: Sequence[ExportChannel]) -> int:
    return 2 * len(export.days(export_channels))


def _batches(days: Iterable[DayFile]) -> Iterator[list[DayFile]]:
    part: list[DayFile] = []
    size = 0
    for day in days:
        if part and size + day.size > _BATCH_BYTES:
            yield part
            part, size = [], 0
        part.append(day)
        size += day.size
    if part:
        yield part


def _find_workspace(session: Session, export: Export, *, now: datetime) -> Workspace:
    """Return the installation that the export belongs to; raises BadExport.

    It is that of the export's team, which is the team of most of its people. If nothing
    is installed yet, a row is made, and the bot finds it once it has a token.
    """
    team_ids = list(session.scalars(select(Installation.team_id)))
    if export.team_id in team_ids:
        return get_or_create(session, export.team_id, now=now)
    if export.team_id is None and len(team_ids) == 1:
        return get_or_create(session, team_ids[0], now=now)
    if export.team_id is None:
        raise BadExport(
            "The export does not say which workspace it belongs to (nobody in"
            " users.json has a team_id). Start the bot once with its token, then"
            " import again."
        )
    if team_ids:
        raise BadExport(
            f"The export belongs to the workspace {export.team_id}, and this database"
            f" to {', '.join(sorted(team_ids))}. Set DATABASE_URL to another database."
        )
    return get_or_create(session, export.team_id, now=now)
