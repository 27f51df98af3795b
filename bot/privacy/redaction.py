"""Redact messages: delete those to an erased member, and reword those that name them.

Each redaction is an outbox item, delivered like any other.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update

from bot.outbox import enqueue
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.personal_data import Erasure, MessagePolicy, lists_member
from bot.privacy import blocks
from bot.privacy.message_kinds import PRIVACY_REDACT
from bot.runtime import Transaction
from bot.slack.actions import (
    DeleteFile,
    DeleteMessage,
    PostMessage,
    Reschedule,
    SlackAction,
    UpdateMessage,
)
from bot.slack.text import is_erased
from models import OutboxChannel, OutboxItem

_BATCH_SIZE = 500

# The message may be in Slack already, but its `ts` is not known yet.
_IN_FLIGHT_STATES = frozenset({"sending", "unconfirmed"})
# A redaction of such a message waits for this time, and then tries again.
_SETTLE_TIME = timedelta(seconds=10)
# Slack may refuse a redaction because the bot was removed or the channel archived. It
# may allow it another day.
_RETRY_AFTER = timedelta(days=1)
# With these errors the message is gone, and there is nothing to redact.
_GONE_ERRORS = frozenset(
    {"message_not_found", "thread_not_found", "file_not_found", "file_deleted"}
)


def affected_messages(
    tx: Transaction, policies: Sequence[MessagePolicy], erasure: Erasure
) -> list[int]:
    """Return the ids of outbox items to others that may name or quote the member.

    Call it before the erasure.
    """
    sent_to_others = (
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.recipient != erasure.member,
        # A message in flight was rendered before the erasure.
        or_(OutboxItem.ts.is_not(None), OutboxItem.state.in_(_IN_FLIGHT_STATES)),
    )
    item_ids = set(
        tx.session.scalars(
            select(OutboxItem.id).where(
                *sent_to_others,
                lists_member(OutboxItem.payload, erasure.member),
            )
        )
    )
    for policy in policies:
        if policy.affected_subjects is None:
            continue
        subjects = sorted(set(policy.affected_subjects(tx, erasure)))
        for start in range(0, len(subjects), _BATCH_SIZE):
            item_ids |= set(
                tx.session.scalars(
                    select(OutboxItem.id).where(
                        *sent_to_others,
                        OutboxItem.kind.in_(policy.kinds),
                        OutboxItem.subject_id.in_(
                            subjects[start : start + _BATCH_SIZE]
                        ),
                    )
                )
            )
    return sorted(item_ids)


def cancel_pending(tx: Transaction, erasure: Erasure) -> list[int]:
    """Cancel pending messages to the member; return the ids of those that were sent."""
    items = select(OutboxItem).filter_by(
        installation_id=tx.workspace.id, recipient=erasure.member
    )
    sent_ids = []
    for item in tx.session.scalars(items.order_by(OutboxItem.id).with_for_update()):
        if item.state in {"pending", "unconfirmed"}:
            item.state, item.finished_at = "cancelled", tx.now
        if item.state == "sending" or (item.slack_channel and item.ts):
            sent_ids.append(item.id)
    tx.session.flush()
    return sent_ids


def enqueue_redactions(
    tx: Transaction, item_ids: Iterable[int], erasure: Erasure
) -> None:
    """Enqueue a redaction for each of these outbox items, after `erase_member`."""
    for item_id in item_ids:
        item = tx.session.get_one(OutboxItem, item_id)
        # The message's own recipient, so that redactions wait their turn with its other
        # messages. An erased member's pseudonym can't be a recipient.
        recipient = item.recipient
        if is_erased(recipient):
            recipient = item.slack_channel or item.metadata_token
        enqueue.enqueue(
            tx.session,
            PRIVACY_REDACT,
            item_id,
            recipient,
            installation_id=tx.workspace.id,
            now=tx.now,
            occurrence=erasure.pseudonym,
            priority=enqueue.UPDATE,
        )


def retry_rejected(tx: Transaction) -> None:
    """Enqueue the redactions again that Slack refused more than a day ago."""
    retried = tx.session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.installation_id == tx.workspace.id,
            OutboxItem.kind == PRIVACY_REDACT,
            OutboxItem.state.in_(("rejected", "lost")),
            OutboxItem.finished_at < tx.now - _RETRY_AFTER,
        )
        .values(enqueue.due_again(tx.now, tx.now))
        .returning(OutboxItem.id)
    )
    if retried.first() is not None:
        enqueue.wake_worker(tx.session, tx.workspace.id)


def render_redaction(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    item = tx.session.get(OutboxItem, delivery.subject_id)
    if item is not None and item.state in _IN_FLIGHT_STATES:
        return Reschedule(tx.now + _SETTLE_TIME)
    if item is None or item.slack_channel is None or item.ts is None:
        return None
    if is_erased(item.recipient):
        if item.ts.startswith("F"):
            return DeleteFile(item.ts)
        return DeleteMessage(item.slack_channel, item.ts)
    message = _render_again(tx, item)
    if isinstance(message, PostMessage):
        return UpdateMessage(item.slack_channel, item.ts, message.text, message.blocks)
    return UpdateMessage(item.slack_channel, item.ts, *blocks.redacted_message())


def _render_again(tx: Transaction, item: OutboxItem) -> SlackAction | Reschedule | None:
    """Render a sent message again, from the current rows and for its recipient."""
    try:
        message_type = tx.features.message_types[MessageKind(item.kind)]
        # With the time at which it was rendered first.
        delivery = Delivery.of(item, started_at=item.first_sent_at or item.created_at)
        return message_type.render_visible(tx, delivery)
    except KeyError:
        # Rendering it needs its payload, which is already redacted.
        if item.redacted_at is None:
            raise
        return None


def _on_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Treat a message that is gone as redacted; `retry_rejected` retries others."""
    if error in _GONE_ERRORS:
        _on_sent(tx, delivery, None)


def _on_sent(tx: Transaction, delivery: Delivery, _result: Any) -> None:
    """Delete the redaction, and the location of a message to an erased member."""
    item = tx.session.get(OutboxItem, delivery.subject_id)
    if item is not None and is_erased(item.recipient):
        tx.session.execute(
            update(OutboxItem)
            .where(OutboxItem.id == item.id)
            .values(slack_channel=None, ts=None)
        )
        tx.session.execute(
            delete(OutboxChannel).filter_by(
                installation_id=delivery.installation_id, recipient=delivery.recipient
            )
        )
    tx.session.execute(delete(OutboxItem).where(OutboxItem.id == delivery.id))


REDACTION = MessageType(
    PRIVACY_REDACT,
    render_redaction,
    "resend",
    on_sent=_on_sent,
    on_rejected=_on_rejected,
    on_lost=_on_rejected,
)
