"""Offers to leads to stop an author in the whole workspace."""

from collections.abc import Sequence

from sqlalchemy import select

from bot.anonymity import notes, rules
from bot.anonymity.message_kinds import (
    ANONYMOUS_STOP_OFFER,
    ANONYMOUS_UPDATE_STOP_OFFER,
)
from bot.anonymity.permissions import STOP_EVERYWHERE
from bot.anonymity.review_messages import recipients
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import is_allowed
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.workspace import contact_hours, leads, roles, visibility
from models import AnonymousBlock, Channel, Member


def offer(tx: Transaction, block: AnonymousBlock) -> None:
    """Make the offer at a random time; without leads, to the admins."""
    at = tx.now + rules.random_delay(rules.MAX_OFFER_DELAY)
    for person in leads.program_leads(tx) or _admins(tx):
        tx.enqueue(ANONYMOUS_STOP_OFFER, block.id, to=person, send_at=at)


def _admins(tx: Transaction) -> Sequence[str]:
    return tx.session.scalars(
        select(Member.slack_id)
        .where(
            Member.installation_id == tx.workspace.id,
            Member.is_admin.is_(True),
            Member.is_deactivated.is_(False),
        )
        .order_by(Member.slack_id)
    ).all()


def update(tx: Transaction, block: AnonymousBlock) -> None:
    """Update the offers after a lead has taken one; nothing says who it was."""
    for person in recipients(tx, ANONYMOUS_STOP_OFFER, block.id):
        tx.enqueue_update(ANONYMOUS_UPDATE_STOP_OFFER, block.id, to=person)


def _blocks(tx: Transaction, block: AnonymousBlock) -> Sequence[AnonymousBlock]:
    return tx.session.scalars(
        select(AnonymousBlock)
        .where(
            AnonymousBlock.installation_id == tx.workspace.id,
            AnonymousBlock.blind_index == block.blind_index,
            AnonymousBlock.until > tx.now,
        )
        .order_by(AnonymousBlock.until, AnonymousBlock.id)
    ).all()


def _render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    block = tx.session.get(AnonymousBlock, delivery.subject_id)
    reader_roles = roles.in_workspace(tx, delivery.recipient)
    if block is None or not is_allowed(STOP_EVERYWHERE, reader_roles):
        return None
    blocks = _blocks(tx, block)
    if any(each.channel_id is None for each in blocks):
        return None
    # A reason may say what an ask in a private channel is about.
    reasons = [each.reason for each in blocks if _sees(tx, each, delivery.recipient)]
    note = notes.stop_offer(block.id, reasons, count=len(blocks))
    return PostMessage(delivery.recipient, *note)


def _sees(tx: Transaction, block: AnonymousBlock, member: str) -> bool:
    channel = tx.session.get(Channel, block.channel_id)
    return channel is not None and visibility.is_known_to_see(tx, channel, member)


def _render_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    key = dedup_key(ANONYMOUS_STOP_OFFER, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    if message is None:
        return None
    return UpdateMessage(*message, *notes.stopped_everywhere())


def _lock(tx: Transaction, delivery: Delivery) -> None:
    tx.session.get(AnonymousBlock, delivery.subject_id, with_for_update=True)


def _on_sent(tx: Transaction, delivery: Delivery, _sent: object) -> None:
    """Update the offer if a lead took another one while it was being sent."""
    block = tx.session.get(AnonymousBlock, delivery.subject_id)
    if block is None or any(each.channel_id is None for each in _blocks(tx, block)):
        tx.enqueue_update(
            ANONYMOUS_UPDATE_STOP_OFFER, delivery.subject_id, to=delivery.recipient
        )


MESSAGE_TYPES = (
    MessageType(
        ANONYMOUS_STOP_OFFER,
        _render,
        on_sent=_on_sent,
        lock=_lock,
        send_after=contact_hours.send_after,
    ),
    MessageType(ANONYMOUS_UPDATE_STOP_OFFER, _render_update, "resend"),
)
