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
    """Store a credit with its evidence, and enqueue the offer; return its id.

    Returns None if the member already has a credit for the period.
    """
    columns = table(Credit).columns.keys()
    values = {name: getattr(credit, name) for name in columns}
    credit_id: int | None = tx.session.scalar(
        upsert(tx.session, Credit)
        .values(**{name: value for name, value in values.items() if value is not None})
        .on_conflict_do_nothing()
        .returning(Credit.id)
    )
    if credit_id is None:
        return None
    for marked_ask in marked_asks:
        tx.session.add(
            CreditEvidence(
                credit_id=credit_id,
                ask_id=marked_ask.ask_id,
                answer_id=marked_ask.answer_id,
                asker=marked_ask.asker,
                is_solution=marked_ask.is_solution,
                helped_members=list(marked_ask.helped_members),
                marked_by=list(marked_ask.marked_by),
            )
        )
    # The member is asked before anything is posted.
    tx.enqueue(
        MENTOR_OFFER,
        credit_id,
        to=credit.member,
        send_at=next_contact_time(tx, credit.member),
    )
    return credit_id
