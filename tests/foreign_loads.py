"""Notice rows of one workspace that a transaction of another loads."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from bot.runtime import Transaction
from models import Base, Installation

_WORKSPACE = "workspace of the latest transaction"


@contextmanager
def noticed() -> Iterator[list[str]]:
    """Collect the rows that are loaded in a transaction of another workspace."""
    foreign: list[str] = []
    begin = Transaction.__init__

    def begin_marked(tx: Transaction, *args: Any, **fields: Any) -> None:
        begin(tx, *args, **fields)
        tx.session.info[_WORKSPACE] = tx.workspace.id

    def notice(row: Any, context: Any) -> None:
        workspace = context.session.info.get(_WORKSPACE)
        key = "id" if isinstance(row, Installation) else "installation_id"
        if workspace is not None and row.__dict__.get(key, workspace) != workspace:
            foreign.append(f"{row.__tablename__} {row.__dict__} in {workspace}")

    event.listen(Base, "load", notice, propagate=True)
    try:
        with patch.object(Transaction, "__init__", begin_marked):
            yield foreign
    finally:
        event.remove(Base, "load", notice)
