"""Introductions that may quote an ask: they change with it, or when it is hidden."""

from sqlalchemy import Select, select

from bot.pairs import rules, schedule
from bot.pairs.message_kinds import (
    PAIR_UPDATE_GROUP_INTRODUCTION,
    PAIR_UPDATE_INTRODUCTION,
)
from bot.runtime import Transaction
from models import Ask, Channel, PairMatch, PairMatchMember


def on_title_changed(tx: Transaction, ask: Ask) -> None:
    """Update all introductions of the asker that were formed since they asked."""
    _update(
        tx,
        select(PairMatchMember.match_id)
        .join(PairMatch, PairMatch.id == PairMatchMember.match_id)
        .where(
            PairMatch.installation_id == tx.workspace.id,
            PairMatch.formed_at >= ask.asked_at,
            PairMatchMember.member == ask.asker,
        ),
    )


def on_channel_restricted(tx: Transaction, channel: Channel) -> None:
    """Update the introductions of rounds that go on, of those who ask there."""
    since = tx.now - rules.ASK_AFTER - rules.ASK_AGAIN_AFTER
    _update(
        tx,
        select(PairMatchMember.match_id)
        .join(PairMatch, PairMatch.id == PairMatchMember.match_id)
        .join(Ask, Ask.asker == PairMatchMember.member)
        .where(
            PairMatch.installation_id == tx.workspace.id,
            PairMatch.formed_at >= since,
            Ask.channel_id == channel.id,
        ),
    )


def _update(tx: Transaction, match_ids: Select[int]) -> None:
    rows = tx.session.execute(
        select(PairMatchMember.match_id, PairMatchMember.member)
        .where(PairMatchMember.match_id.in_(match_ids))
        .order_by(PairMatchMember.match_id, PairMatchMember.member)
    ).all()
    tx.enqueue_updates(
        PAIR_UPDATE_INTRODUCTION, [(row.match_id, row.member) for row in rows]
    )
    for match_id in sorted({row.match_id for row in rows}):
        group = schedule.group_of(tx, match_id)
        if group is not None:
            tx.enqueue_update(PAIR_UPDATE_GROUP_INTRODUCTION, match_id, to=group)
