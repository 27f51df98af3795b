"""Change the key of asks without a name, or go on after it was lost.

The new key is recorded first. Then the links and drafts are sealed anew in batches; the
previous key opens those that are left, also after the process was killed. To go on, run
it again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from bot.anonymity import authors, progress
from bot.anonymity.key_check import NAME
from bot.anonymity.keys import AnonymityKeys
from bot.db.sealing import WrongKey, record_change, record_lost_key
from bot.runtime import Transaction
from bot.workspace.installations import to_workspace
from models import (
    AnonymousBlock,
    AnonymousCount,
    AnonymousDraft,
    AnonymousLink,
    Installation,
)

# Numbers and blocks can't be sealed anew: they are found under the previous key until
# they no longer count.
PREVIOUS_KEY_FOR = timedelta(days=30)
# Rows in a transaction; other writers wait for it.
BATCH_SIZE = 200

Sealed: TypeAlias = AnonymousLink | AnonymousDraft


@dataclass(frozen=True, slots=True)
class Resealed:
    """The links and drafts that were sealed anew, and those that no key opens."""

    count: int = 0
    dead_count: int = 0

    def __add__(self, other: "Resealed") -> "Resealed":
        return Resealed(self.count + other.count, self.dead_count + other.dead_count)


def rotate(
    write_session: sessionmaker[Session], keys: AnonymityKeys, *, now: datetime
) -> Resealed:
    """Seal all links and drafts with the current key. Raises SettingsError."""
    with write_session.begin() as session:
        _record_rotation(session, keys, now=now)
        links = session.scalars(select(AnonymousLink.ask_id)).all()
        drafts = session.scalars(select(AnonymousDraft.id)).all()
    result = Resealed()
    for model, ids in ((AnonymousLink, links), (AnonymousDraft, drafts)):
        ordered = sorted(ids)
        for start in range(0, len(ordered), BATCH_SIZE):
            with write_session.begin() as session:
                for row_id in ordered[start : start + BATCH_SIZE]:
                    row = session.get(model, row_id, with_for_update=True)
                    if isinstance(row, AnonymousLink | AnonymousDraft):
                        result += _reseal(session, row, keys, now=now)
    return result


def _record_rotation(session: Session, keys: AnonymityKeys, *, now: datetime) -> None:
    recorded = record_change(
        session, NAME, keys.current, keys.previous, setting="ANONYMITY_KEY"
    )
    if recorded is not None:
        recorded.previous_until = now + PREVIOUS_KEY_FOR


def _reseal(
    session: Session, row: Sealed, keys: AnonymityKeys, *, now: datetime
) -> Resealed:
    installation = session.get_one(Installation, row.installation_id)
    tx = Transaction(session, to_workspace(installation), now)
    name = (
        authors.row_name(tx, "link", row.ask_id)
        if isinstance(row, AnonymousLink)
        else authors.row_name(tx, "draft", row.id)
    )
    try:
        author = keys.open(row.author, name)
    except WrongKey:
        return Resealed(dead_count=1)
    row.author = keys.seal(author, name)
    row.progress = progress.seal(keys, name, progress.unseal(keys, name, row))
    row.blind_index = authors.blind_index(tx, keys, author)
    return Resealed(count=1)


def lose(
    write_session: sessionmaker[Session], keys: AnonymityKeys, *, now: datetime
) -> int:
    """Cut all links, and record the new key; return the number of links.

    Everything that needs the lost key is deleted. For some days everyone reads in their
    Home tab that it has happened. Raises SettingsError if the key is not lost.
    """
    with write_session.begin() as session:
        recorded = record_lost_key(session, NAME, keys.current, keys.previous)
        count = session.scalar(select(func.count()).select_from(AnonymousLink)) or 0
        for model in (AnonymousLink, AnonymousDraft, AnonymousCount, AnonymousBlock):
            session.execute(delete(model))
        recorded.lost_at = now
    return count
