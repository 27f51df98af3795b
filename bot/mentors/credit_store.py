"""Store credits and their evidence."""

from collections.abc import Sequence

from bot.db.statements import table, upsert
from bot.mentors.message_kinds import MENTOR_OFFER
from bot.mentors.queries import MarkedAsk
from bot.runtime import Transaction
from bot.workspace.contact_hours import next_contact_time
from models import Credit, CreditEvidence


def create(
    tx: Transaction, credit: Credit, marked_asks: Sequence[MarkedAsk] = ()
) -> int | None:
    """Store a credit, and enqueue the message to the member; return its id.

    Returns None if the member has one for this period already.
    """
    columns = table(Credit).columns.keys()
    given = {name: getattr(credit, name) for name in columns}
    credit_id: int | None = tx.session.scalar(
        upsert(tx.session, Credit)
        .values(**{name: value for name, value in given.items() if value is not None})
        .on_conflict_do_nothing()
        .returning(Credit.id)
    )
    if credit_id is None:
        return None
    for seen in marked_asks:
        tx.session.add(
            CreditEvidence(
                credit_id=credit_id,
                ask_id=seen.ask_id,
                answer_id=seen.answer_id,
                asker=seen.asker,
                is_solution=seen.is_solution,
                helped_members=list(seen.helped_members),
                marked_by=list(seen.marked_by),
            )
        )
    # Whoever it is about hears of it first, at an hour that suits them.
    tx.enqueue(
        MENTOR_OFFER,
        credit_id,
        to=credit.member,
        send_at=next_contact_time(tx, credit.member),
    )
    return credit_id
