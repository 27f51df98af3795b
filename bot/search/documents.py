"""Load what the index holds of asks from the database."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from bot.search.index import Document
from models import Answer, AnswerText, Ask, AskReference, Channel

# Asks in one commit: more take more memory, and fewer more time.
BATCH_SIZE = 500
# The limit of later asks with the same problem; the newest count.
MAX_SAME_PROBLEM = 20


def load(session: Session, ask_ids: Sequence[int]) -> list[Document]:
    """Return the documents of those asks that can be found; the others are left out.

    At most BATCH_SIZE ids.
    """
    asks = session.execute(
        select(Ask.id, Ask.channel_id, Ask.title, Ask.details).where(
            Ask.id.in_(ask_ids), Ask.deleted_at.is_(None)
        )
    ).all()
    texts = session.execute(
        select(AnswerText.ask_id, AnswerText.text)
        .join(Answer, Answer.id == AnswerText.answer_id)
        .where(
            AnswerText.ask_id.in_([ask.id for ask in asks]),
            AnswerText.is_findable.is_(True),
            AnswerText.text.is_not(None),
        )
        .order_by(AnswerText.ask_id, Answer.ts)
    ).all()
    answers = {
        ask_id: [row.text for row in rows]
        for ask_id, rows in groupby(texts, key=lambda row: row.ask_id)
    }
    same_problem = _same_problem(session, [ask.id for ask in asks])
    return [
        Document(
            ask.id,
            ask.channel_id,
            ask.title,
            ask.details,
            answers.get(ask.id, []),
            same_problem.get(ask.id, []),
        )
        for ask in asks
    ]


_EARLIER_PLACE, _LATER, _LATER_PLACE = aliased(Channel), aliased(Ask), aliased(Channel)
_SAME_PROBLEM = (
    select(AskReference.earlier_ask_id, _LATER.title)
    .join(Ask, Ask.id == AskReference.earlier_ask_id)
    .join(_EARLIER_PLACE, _EARLIER_PLACE.id == Ask.channel_id)
    .join(_LATER, _LATER.id == AskReference.ask_id)
    .join(_LATER_PLACE, _LATER_PLACE.id == _LATER.channel_id)
    .where(
        AskReference.earlier_ask_id.in_(bindparam("ask_ids", expanding=True)),
        AskReference.is_present.is_(True),
        _LATER.deleted_at.is_(None),
        or_(
            _EARLIER_PLACE.id == _LATER_PLACE.id,
            _LATER_PLACE.is_private.is_(False) & _EARLIER_PLACE.is_shared.is_(False),
        ),
    )
    .order_by(AskReference.earlier_ask_id, _LATER.id.desc())
)


def _same_problem(session: Session, ask_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the titles of the asks that each of these asks solved, the newest first.

    Only those whose words all people in its channel may see: no one finds an ask by
    words of a private channel that they are not in.
    """
    rows = session.execute(_SAME_PROBLEM, {"ask_ids": ask_ids}).all()
    return {
        ask_id: [row.title for row in titles][:MAX_SAME_PROBLEM]
        for ask_id, titles in groupby(rows, key=lambda row: row.earlier_ask_id)
    }


def count(session: Session) -> int:
    """Return the number of asks that can be found."""
    return session.scalar(select(func.count()).where(Ask.deleted_at.is_(None))) or 0


def newest_before(session: Session, before: int | None) -> Sequence[int]:
    """Return the ids of up to BATCH_SIZE asks, the newest first, of those `before`."""
    query = select(Ask.id).where(Ask.deleted_at.is_(None)).order_by(Ask.id.desc())
    if before is not None:
        query = query.where(Ask.id < before)
    return session.scalars(query.limit(BATCH_SIZE)).all()


def sample(session: Session, size: int) -> set[int]:
    """Return the ids of the newest asks that can be found, and of as many others."""
    query = select(Ask.id).where(Ask.deleted_at.is_(None))
    newest = session.scalars(query.order_by(Ask.id.desc()).limit(size)).all()
    if not newest:
        return set()
    spread = [number * newest[0] // size for number in range(size)]
    return {*newest, *session.scalars(query.where(Ask.id.in_(spread)))}
