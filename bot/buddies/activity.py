"""The acts of newcomers and buddies. They belong to no program, and count for each."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, select

from bot.buddies.rules import Answer
from bot.clock import datetime_to_micros
from bot.runtime import Transaction
from models import BuddyOffer, BuddyQuestion, BuddyWish


def active_members(
    tx: Transaction, _program_id: int, _channel_ids: Collection[int], since: datetime
) -> Sequence[Select[str]]:
    """Return queries for those who offered to be a buddy, became one, or look."""
    micros = datetime_to_micros(since)
    return [
        select(BuddyOffer.member).where(
            BuddyOffer.installation_id == tx.workspace.id,
            BuddyOffer.is_in.is_(True),
            BuddyOffer.event_micros >= micros,
        ),
        select(BuddyQuestion.buddy).where(
            BuddyQuestion.installation_id == tx.workspace.id,
            BuddyQuestion.answer == Answer.YES,
            BuddyQuestion.answer_micros >= micros,
        ),
        select(BuddyWish.member).where(
            BuddyWish.installation_id == tx.workspace.id,
            BuddyWish.wanted_at.is_not(None),
            BuddyWish.event_micros >= micros,
        ),
    ]
