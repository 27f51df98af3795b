"""Store the answers in an ask's thread."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.clock import ts_to_datetime
from bot.db.statements import prepare_insert, table
from models import Answer

_answers = table(Answer)

_INSERT_ANSWER = prepare_insert(
    Answer,
    lambda insert: insert.on_conflict_do_nothing().returning(
        _answers.c.channel_id, _answers.c.ts
    ),
)


def add_answers(
    session: Session,
    replies: Iterable[Mapping[str, Any]],
) -> set[tuple[int, str]]:
    """Store replies, given by ask_id, channel_id, ts and author.

    Returns the channel_id and ts of each that was new.
    """
    rows = [
        {"is_deleted": False, **reply, "answered_at": ts_to_datetime(reply["ts"])}
        # Sorted, so that all transactions lock the rows in the same order.
        for reply in sorted(replies, key=lambda r: (r["channel_id"], r["ts"]))
    ]
    if not rows:
        return set()
    return {(row[0], row[1]) for row in session.execute(_INSERT_ANSWER(session), rows)}


def add_answer(
    session: Session,
    *,
    ask_id: int,
    channel_id: int,
    ts: str,
    author: str,
    is_deleted: bool = False,
) -> bool:
    """Store a reply; return False if it is already stored."""
    reply = {
        "ask_id": ask_id,
        "channel_id": channel_id,
        "ts": ts,
        "author": author,
        "is_deleted": is_deleted,
    }
    return bool(add_answers(session, [reply]))


def remove_answer(session: Session, channel_id: int, ts: str) -> bool:
    """Mark an answer as deleted; return False if there is none.

    The row stays, so that a repeated event does not add it again.
    """
    result = session.execute(
        update(Answer)
        .where(
            Answer.channel_id == channel_id,
            Answer.ts == ts,
            Answer.is_deleted.is_(False),
        )
        .values(is_deleted=True)
        .returning(Answer.id)
    )
    return result.first() is not None
