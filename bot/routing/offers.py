"""The offer to an asker to ask people who may know, now."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, DividerBlock
from sqlalchemy import select

from bot.routing import (
    asker,
    asker_notes,
    notes,
    steps,
)
from bot.routing.candidates import Candidates
from bot.routing.peers import load_peers
from bot.routing.rules import PLACES, ReasonKind
from bot.runtime import Transaction
from bot.slack.blocks import Note
from bot.slack.text import format_month
from bot.workspace import members, visibility
from models import Ask, Channel


def offer(tx: Transaction, ask: Ask, *, needs_reasons: bool) -> Note | None:
    """Return the offer for the ask's asker, or None if there is nothing to offer.

    With `needs_reasons` it is only made if someone has answered a similar ask. Raises
    MembershipUnknown.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    peers = load_peers(tx)
    if not asker.can_hurry(tx, ask, channel, peers):
        return None
    candidates = Candidates(tx, tx.search, peers, ask, channel)
    chosen = candidates.pick(steps.PEERS, places=PLACES)
    readable = visibility.readable_channels(tx, ask.asker)
    reasons: list[tuple[ReasonKind, str]] = []
    for candidate in chosen:
        reason = candidate.reason
        if reason.ask_id is None or reason.at is None:
            continue
        source = tx.session.scalar(select(Ask.channel_id).filter_by(id=reason.ask_id))
        if source in readable:
            when = format_month(reason.at, tx.now, members.zone(tx, ask.asker))
            reasons.append((reason.kind, notes.when(when)))
    if needs_reasons and not reasons:
        return None
    return asker_notes.offer(ask.id, reasons)


def in_options(tx: Transaction, ask: Ask, member: str) -> Sequence[Block]:
    """Return the offer among the asker's options."""
    if member != ask.asker:
        return ()
    try:
        note = offer(tx, ask, needs_reasons=False)
    except visibility.MembershipUnknown:
        # Slack need not be asked about others before the asker has chosen anything.
        note = asker_notes.offer(ask.id, [])
    return [DividerBlock(), *note[1]] if note else ()


def for_confirmation(tx: Transaction, ask: Ask) -> Sequence[Block]:
    """Return the question to an author whose message became an ask."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    if ask.is_confirmed or not asker.can_hurry(tx, ask, channel, load_peers(tx)):
        return ()
    return asker_notes.confirmation(ask.id)
