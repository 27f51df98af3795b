"""Import an export as history: by the rules for live messages, not announcing any."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.feature import Features
from bot.imports.entries import ExportChannel
from bot.imports.export import BadExport, DayFile, Export
from bot.imports.importer import USERS_BATCH_SIZE, Importer
from bot.imports.report import ImportSummary, count_stored
from bot.mentors import message_counts
from bot.runtime import Transaction, Workspace
from bot.workspace import channels
from bot.workspace.installations import get_or_create
from bot.workspace.sync import is_own_place
from models import Installation

# Bytes of day files per transaction; a larger day is one transaction.
_BATCH_BYTES = 256 * 1024


def load(
    sessions: sessionmaker[Session],
    export: Export,
    export_channels: Sequence[ExportChannel],
    *,
    capture: str,
    features: Features,
    now: datetime,
    on_step: Callable[[], object] = lambda: None,
) -> ImportSummary:
    """Import these channels; `on_step` is called `count_steps` times. Raises BadExport.

    1. Store the people and channels.
    2. Import the asks of all days, then the threads of all days, a few days in each
       transaction.
    3. Store the counts of members' messages.

    An import may be interrupted at any point. A second run finds the rows of the first,
    and the result is that of a single run.
    """
    days = export.days(export_channels)
    with sessions.begin() as session:
        workspace = _find_workspace(session, export, now=now)
        if workspace.enterprise_id is None:
            workspace = replace(workspace, enterprise_id=export.enterprise_id)
        tx = Transaction(session, workspace, now)
        places = channels.places_among(tx, [each.id for each in export_channels])
        places |= {
            each.id
            for each in export_channels
            if is_own_place(workspace, each.model_dump())
        }
        export_channels = [each for each in export_channels if each.id not in places]
        days = [day for day in days if day.channel.id not in places]
        before = count_stored(tx, export_channels)
    importer = Importer(export, workspace, capture, now, export.latest or now)

    @contextmanager
    def write() -> Iterator[Transaction]:
        with sessions.begin() as session:
            yield Transaction(session, workspace, now, features)

    for start in range(0, len(export.users), USERS_BATCH_SIZE):
        with write() as tx:
            importer.import_users(tx, start)
    with write() as tx:
        importer.import_channels(tx, export_channels)
    for import_day in (importer.import_asks, importer.import_threads):
        for batch in _batches(days):
            with write() as tx:
                for day in batch:
                    import_day(tx, day)
            for _ in batch:
                on_step()
    with write() as tx:
        message_counts.raise_to(tx, importer.messages_written)
        after = count_stored(tx, export_channels)
    return ImportSummary(
        channels=len(export_channels),
        users=len(export.users),
        kinds=importer.kinds,
        asks=after.asks,
        answers=after.answers,
        helpful=after.helpful,
        solutions=after.solutions,
        new_asks=after.asks.total() - before.asks.total(),
        new_answers=after.answers - before.answers,
        unnamed_reactions=importer.unnamed_reactions,
        skipped=export.skipped,
    )


def count_steps(export: Export, export_channels: Sequence[ExportChannel]) -> int:
    """Return the number of steps of `load`: two for each day of a channel."""
    return 2 * len(export.days(export_channels))


def _batches(days: Iterable[DayFile]) -> Iterator[list[DayFile]]:
    batch: list[DayFile] = []
    size = 0
    for day in days:
        if batch and size + day.size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(day)
        size += day.size
    if batch:
        yield batch


def _find_workspace(session: Session, export: Export, *, now: datetime) -> Workspace:
    """Return the installation that the export belongs to; raises BadExport.

    The export's team decides, which is the team of most of its people. Without any
    installation a row is created; the bot completes it when it starts with a token.
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
