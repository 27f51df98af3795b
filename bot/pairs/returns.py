"""Members who said that they can't this round, and can after all.

Their match may meet someone else by then. So they wait, as people do if their match
can't come, and are matched with anyone else who waits.
"""

from sqlalchemy import select

from bot.errors import UserError
from bot.outbox import home_refresh
from bot.pairs import matches, opt_ins, schedule
from bot.pairs.rules import Answer
from bot.people import opt_outs
from bot.runtime import Transaction
from models import PairMatch, PairMatchMember, PairRound

TOO_LATE = "It's too late for this round. You're in again next time."
NOT_IN = "You don't take part in peer coffee at the moment."


def come_back(tx: Transaction, match_id: int, by: str, *, event_micros: int) -> None:
    """Let a member who can't meet their match wait for someone else in its round.

    A press from before their latest answer, and a repeat, change nothing. Raises
    UserError.
    """
    matches.lock(tx)
    match, rows = matches.get(tx, match_id, by)
    own = rows[by]
    if own.answer != Answer.CANT or event_micros <= own.answer_micros:
        return
    if not schedule.is_early(tx, match):
        raise UserError(TOO_LATE)
    row = opt_ins.find(tx, by)
    if (
        row is None
        or not row.is_in
        or opt_outs.is_paused(row)
        or not opt_ins.can_take_part(tx, by)
    ):
        raise UserError(NOT_IN)
    own.answer_micros = event_micros
    if has_match(tx, match.round_id, by):
        return
    row.waits_in = match.round_id
    tx.session.flush()
    matches.match_again(tx, tx.session.get_one(PairRound, match.round_id))
    home_refresh.refresh_homes(tx, [by])


def has_match(tx: Transaction, round_id: int, member: str) -> bool:
    """Return True if the member is to meet someone in a round."""
    current = select(PairMatchMember.match_id).filter_by(
        round_id=round_id, member=member, is_current=True
    )
    return tx.session.scalar(current) is not None


def is_waiting(tx: Transaction, match: PairMatch, member: str) -> bool:
    """Return True if the member waits for someone else in the round of a match."""
    row = opt_ins.find(tx, member)
    return row is not None and row.waits_in == match.round_id
