"""The program's numbers, for those who lead it: asks and people."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.members import service as members
from bot.text import FORGOTTEN, is_forgotten, plain
from models import Answer, Ask, Channel, Kudos, Thanks

ASKS = (
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
PEOPLE = (
    "name",
    "asks",
    "answers",
    "helped",
    "solved",
    "kudos_given",
    "kudos_received",
)

Row = Mapping[str, Any]


def asks(session: Session, installation_id: int) -> Iterator[Row]:
    """Each ask that is there. What was said in a private channel stays there."""
    counted = (
        select(
            Answer.ask_id,
            func.count().label("answers"),
            func.sum(Answer.helped).label("helped"),
            func.min(Answer.answered_at).label("first_at"),
        )
        .where(Answer.is_deleted.is_(False))
        .group_by(Answer.ask_id)
        .subquery()
    )
    rows = session.execute(
        select(Ask, Channel, counted.c.answers, counted.c.helped, counted.c.first_at)
        .join(Channel, Channel.id == Ask.channel_id)
        .outerjoin(counted, counted.c.ask_id == Ask.id)
        .where(Ask.installation_id == installation_id, Ask.deleted_at.is_(None))
        .order_by(Ask.asked_at, Ask.id)
    ).all()
    called = members.names(session, installation_id, {row.Ask.asker for row in rows})
    for ask, channel, answers, helped, first_at in rows:
        is_open = not channel.is_private
        yield {
            "channel": f"#{channel.name}" if is_open else "a private channel",
            "asked_at": _at(ask.asked_at),
            "asker": called[ask.asker],
            "title": plain(members.with_names(session, installation_id, ask.title))
            if is_open
            else "",
            "topics": ", ".join(ask.topics) if is_open else "",
            "state": ask.state,
            "answers": answers or 0,
            "helped": int(helped or 0),
            "first_answer_at": _at(first_at),
            "solved_at": _at(ask.solved_at),
        }


def people(session: Session, installation_id: int) -> Iterator[Row]:
    """What each person did, by their names; forgotten people are one, in sum.

    An older export would tell by the numbers who each of them was.
    """
    there = select(Ask.id).where(
        Ask.installation_id == installation_id, Ask.deleted_at.is_(None)
    )
    asked = _by(session, select(Ask.asker, func.count()).where(Ask.id.in_(there)))
    answers = session.execute(
        select(Answer.author, Answer.helped, Answer.is_solution).where(
            Answer.is_deleted.is_(False), Answer.ask_id.in_(there)
        )
    ).all()
    # Private kudos are nobody's business but theirs.
    public = (
        select(Kudos.id)
        .filter_by(installation_id=installation_id, is_private=False)
        .scalar_subquery()
    )
    thanks = select(Thanks.giver, func.count()).where(Thanks.kudos_id.in_(public))
    received = select(Thanks.receiver, func.count()).where(Thanks.kudos_id.in_(public))
    counts: dict[str, Counter[str]] = {
        "asks": asked,
        "answers": Counter(row.author for row in answers),
        "helped": Counter(),
        "solved": Counter(row.author for row in answers if row.is_solution),
        "kudos_given": _by(session, thanks),
        "kudos_received": _by(session, received),
    }
    for row in answers:
        counts["helped"][row.author] += row.helped
    counts = {what: _together(counted) for what, counted in counts.items()}
    everybody = sorted({who for counted in counts.values() for who in counted})
    called = members.names(session, installation_id, everybody)
    for who in sorted(everybody, key=lambda one: (called[one], one)):
        yield {"name": called[who]} | {
            what: counted[who] for what, counted in counts.items()
        }


def _together(counted: Counter[str]) -> Counter[str]:
    summed: Counter[str] = Counter()
    for who, number in counted.items():
        summed[FORGOTTEN if is_forgotten(who) else who] += number
    return summed


def _by(session: Session, counting: Any) -> Counter[str]:
    who = counting.selected_columns[0]
    return Counter({row[0]: row[1] for row in session.execute(counting.group_by(who))})


def _at(when: datetime | None) -> str:
    return when.isoformat() if when else ""
