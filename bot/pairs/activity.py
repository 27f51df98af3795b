"""The acts of people in peer coffee. It belongs to no program, and counts for each."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, or_, select

from bot.clock import datetime_to_micros
from bot.pairs import opt_ins
from bot.pairs.rules import Answer
from bot.runtime import Transaction
from models import PairMatch, PairMatchMember, PairOptIn


def active_members(
    tx: Transaction, _program_id: int, _channel_ids: Collection[int], since: datetime
) -> Sequence[Select[str]]:
    """Return queries for those who began to take part, or said they meet or met.

    The bot itself says for people who are away that they can't come.
    """
    micros = datetime_to_micros(since)
    return [
        select(PairOptIn.member).where(
            *opt_ins.in_conditions(tx), PairOptIn.event_micros >= micros
        ),
        select(PairMatchMember.member)
        .join(PairMatch, PairMatch.id == PairMatchMember.match_id)
        .where(
            PairMatch.installation_id == tx.workspace.id,
            or_(
                (PairMatchMember.answer == Answer.TIME)
                & (PairMatchMember.answer_micros >= micros),
                PairMatchMember.outcome_micros >= micros,
            ),
        ),
    ]
