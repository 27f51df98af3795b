"""Reports for program leads: tables of asks and of people."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.runtime import Transaction
from bot.slack.text import ERASED_PREFIX, is_erased, to_plain
from bot.workspace import members
from models import Answer, Ask, Channel, Kudos, KudosThanks

ASK_COLUMNS = (
    "channel",
    "asked_at",
    "asker",
    "title",
    "topics",
    "state",
    "answers",
    "helped",
    "first_answer_at",
    "solved_at",
)
PEOPLE_COLUMNS = (
    "name",
    "asks",
    "answers",
    "helped",
    "solved",
    "kudos_given",
    "kudos_received",
)

Row = Mapping[str, Any]


def asks(tx: Transaction) -> Iterator[Row]:
    """Yield a row for each ask; texts from private channels are left out."""
    counted = (
        select(
            Answer.ask_id,
            func.count().label("answers"),
            func.sum(Answer.helpful_count).label("helped"),
            func.min(Answer.answered_at).label("first_at"),
        )
        .where(Answer.is_deleted.is_(False))
        .group_by(Answer.ask_id)
        .subquery()
    )
    rows = tx.session.execute(
        select(Ask, Channel, counted.c.answers, counted.c.helped, counted.c.first_at)
        .join(Channel, Channel.id == Ask.channel_id)
        .outerjoin(counted, counted.c.ask_id == Ask.id)
        .where(Ask.installation_id == tx.workspace.id, Ask.deleted_at.is_(None))
        .order_by(Ask.asked_at, Ask.id)
    ).all()
    names = members.names(tx, {row.Ask.asker for row in rows})
    for ask, channel, answers, helped, first_at in rows:
        is_open = not channel.is_private
        yield {
            "channel": f"#{channel.name}" if is_open else "a private channel",
            "asked_at": _isoformat(ask.asked_at),
            "asker": names[ask.asker],
            "title": to_plain(members.text_with_names(tx, ask.title))
            if is_open
            else "",
            "topics": ", ".join(ask.topics) if is_open else "",
            "state": ask.state,
            "answers": answers or 0,
            "helped": int(helped or 0),
            "first_answer_at": _isoformat(first_at),
            "solved_at": _isoformat(ask.solved_at),
        }


def people(tx: Transaction) -> Iterator[Row]:
    """Yield a row for each person, by name; all erased people share one row.

    Separate rows could be matched with an older export by their numbers.
    """
    ask_ids = select(Ask.id).where(
        Ask.installation_id == tx.workspace.id, Ask.deleted_at.is_(None)
    )
    asks = _count_by(
        tx.session, select(Ask.asker, func.count()).where(Ask.id.in_(ask_ids))
    )
    answers = tx.session.execute(
        select(Answer.author, Answer.helpful_count, Answer.is_solution).where(
            Answer.is_deleted.is_(False), Answer.ask_id.in_(ask_ids)
        )
    ).all()
    # Private kudos are not counted.
    public = (
        select(Kudos.id)
        .filter_by(installation_id=tx.workspace.id, is_private=False)
        .scalar_subquery()
    )
    thanks = select(KudosThanks.giver, func.count()).where(
        KudosThanks.kudos_id.in_(public)
    )
    received = select(KudosThanks.recipient, func.count()).where(
        KudosThanks.kudos_id.in_(public)
    )
    counts: dict[str, Counter[str]] = {
        "asks": asks,
        "answers": Counter(row.author for row in answers),
        "helped": Counter(),
        "solved": Counter(row.author for row in answers if row.is_solution),
        "kudos_given": _count_by(tx.session, thanks),
        "kudos_received": _count_by(tx.session, received),
    }
    for row in answers:
        counts["helped"][row.author] += row.helpful_count
    counts = {column: _merge_erased(counter) for column, counter in counts.items()}
    person_ids = sorted({person for counter in counts.values() for person in counter})
    names = members.names(tx, person_ids)
    for person in sorted(
        person_ids, key=lambda person_id: (names[person_id], person_id)
    ):
        yield {"name": names[person]} | {
            column: counter[person] for column, counter in counts.items()
        }


def _merge_erased(counts: Counter[str]) -> Counter[str]:
    merged: Counter[str] = Counter()
    for person, number in counts.items():
        merged[ERASED_PREFIX if is_erased(person) else person] += number
    return merged


def _count_by(session: Session, statement: Any) -> Counter[str]:
    person = statement.selected_columns[0]
    return Counter(
        {row[0]: row[1] for row in session.execute(statement.group_by(person))}
    )


def _isoformat(at: datetime | None) -> str:
    return at.isoformat() if at else ""
