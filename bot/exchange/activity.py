"""The acts of people in exchanges. They belong to no program, and count for each."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, or_, select

from bot.clock import datetime_to_micros
from bot.exchange.rules import Answer
from bot.runtime import Transaction
from models import Exchange, ExchangeMember, ExchangeWish


def active_members(
    tx: Transaction, _program_id: int, _channel_ids: Collection[int], since: datetime
) -> Sequence[Select[str]]:
    """Return queries for those who became open to an exchange, asked, or said yes.

    The two of an exchange that goes on meet, whatever else they do.
    """
    micros = datetime_to_micros(since)
    is_here = Exchange.installation_id == tx.workspace.id
    return [
        select(ExchangeWish.member).where(
            ExchangeWish.installation_id == tx.workspace.id,
            ExchangeWish.is_in.is_(True),
            ExchangeWish.event_micros >= micros,
        ),
        select(Exchange.asker).where(is_here, Exchange.asked_at >= since),
        select(ExchangeMember.member)
        .join(Exchange, Exchange.id == ExchangeMember.exchange_id)
        .where(
            is_here,
            or_(
                (ExchangeMember.answer == Answer.YES)
                & (ExchangeMember.answer_micros >= micros),
                Exchange.agreed_at >= since,
                Exchange.agreed_at.is_not(None) & (Exchange.ends_at > tx.now),
            ),
        ),
    ]
