"""Store credits and their evidence."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.db.statements import table, upsert
from bot.mentors.queries import MarkedAsk
from bot.outbox import enqueue
from bot.runtime import Workspace
from bot.workspace.contact_hours import next_contact_time
from models import Credit, CreditEvidence


def create(
    session: Session,
    workspace: Workspace,
    credit: Credit,
    marked_asks: Sequence[MarkedAsk] = (),
    *,
    now: datetime,
) -> int | None:
    """Record a credit and promise to tell the person; its id.

    None where the person has one of this period already.
    """
    columns = table(Credit).columns.keys()
    given = {name: getattr(credit, name) for name in columns}
    credit_id: int | None = session.scalar(
        upsert(session, Credit)
        .values(**{name: value for name, value in given.items() if value is not None})
        .on_conflict_do_nothing()
        .returning(Credit.id)
    )
    if credit_id is None:
        return None
    for seen in marked_asks:
        session.add(
            CreditEvidence(
                credit_id=credit_id,
                ask_id=seen.ask_id,
                answer_id=seen.answer_id,
                asker=seen.asker,
                is_solution=seen.is_solution,
                helped=list(seen.helped_members),
                marked_by=list(seen.marked_by),
            )
        )
    # Whoever it is about hears of it first, at an hour that suits them.
    enqueue.enqueue(
        session,
        "mentor.told",
        credit_id,
        credit.member,
        installation_id=workspace.id,
        now=now,
        due=next_contact_time(session, workspace.id, credit.member, now=now),
    )
    return credit_id
