"""Store the replies in an ask's thread."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.clock import ts_to_datetime
from bot.db.statements import prepare_insert, table
from bot.runtime import Transaction
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
    """Record replies, each with its ask_id, channel_id, ts and author.

    The channel_id and ts of each that was not known.
    """
    rows = [
        {"is_deleted": False, **reply, "answered_at": ts_to_datetime(reply["ts"])}
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
    """Record a reply; False where it is known already."""
    reply = {
        "ask_id": ask_id,
        "channel_id": channel_id,
        "ts": ts,
        "author": author,
        "is_deleted": is_deleted,
    }
    return bool(add_answers(session, [reply]))


def remove_answer(tx: Transaction, channel_id: int, ts: str) -> bool:
    """Mark a reply as deleted; its row stays, so that a late delivery finds it."""
    removed = tx.session.scalar(
        update(Answer)
        .where(
            Answer.channel_id == channel_id,
            Answer.ts == ts,
            Answer.is_deleted.is_(False),
        )
        .values(is_deleted=True)
        .returning(Answer.id)
    )
    if removed is None:
        return False
    tx.features.on_answers_unmarked(tx, [removed])
    return True
