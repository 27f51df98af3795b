"""Render the messages to members about kudos when they are sent."""

from dataclasses import replace

from sqlalchemy.orm import Session

from bot.kudos import history, kudos_message, notes, rules, service
from bot.kudos.message_kinds import (
    KUDOS_LIMIT_REACHED,
    KUDOS_NOT_POSTED,
    KUDOS_RECEIPT,
    KUDOS_RECEIVED,
    KUDOS_UPDATE_RECEIPT,
    KUDOS_UPDATE_RECIPIENT,
)
from bot.outbox.enqueue import dedup_key
from bot.outbox.kind import MessageKind
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import (
    PostEphemeral,
    PostIfNotMember,
    PostMessage,
    SlackAction,
    UpdateMessage,
)
from bot.slack.blocks import Note
from bot.slack.text import ANONYMOUS
from bot.workspace import members, visibility
from models import Channel, Kudos


def render_received(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if kudos.taken_back_at is not None:
        return None
    message = PostMessage(delivery.recipient, *_recipient_note(tx, kudos, delivery))
    if kudos.channel_id is None or kudos.ts is None:
        return message
    # The channel's members are mentioned there, which is enough.
    channel = tx.session.get_one(Channel, kudos.channel_id)
    is_member = visibility.is_member(
        replace(tx, now=delivery.started_at), channel, delivery.recipient
    )
    if is_member is None:
        return PostIfNotMember(message, channel.slack_id)
    return None if is_member else message


def render_recipient_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    message = _find_sent(tx, kudos, KUDOS_RECEIVED, delivery.recipient)
    if message is None:
        return None
    if kudos.taken_back_at is None:
        text, blocks = _recipient_note(tx, kudos, delivery)
    else:
        text, blocks = notes.taken_back_received(_giver(tx, kudos))
    return UpdateMessage(*message, text, blocks)


def render_receipt(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if kudos.taken_back_at is not None:
        return None
    text, blocks = receipt_note(
        tx,
        kudos,
        remaining=delivery.payload["left"],
        warnings=delivery.payload["dropped"],
    )
    if delivery.recipient == kudos.giver:
        return PostMessage(kudos.giver, text, blocks)
    return PostEphemeral(
        delivery.recipient, kudos.giver, text, blocks, thread_ts=kudos.thread_ts
    )


def render_receipt_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Replace the receipt with one without a button."""
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    message = _find_sent(tx, kudos, KUDOS_RECEIPT, delivery.recipient)
    if message is None:
        return None
    if kudos.taken_back_at is not None:
        return UpdateMessage(*message, *notes.taken_back_receipt())
    people = members.names_in_order(tx, kudos.recipients)
    note = notes.final_receipt(people, is_private=kudos.is_private)
    return UpdateMessage(*message, *note)


def receipt_note(
    tx: Transaction, kudos: Kudos, *, remaining: int, warnings: list[str]
) -> Note:
    """Return the receipt, for an ephemeral reply or a message."""
    return notes.receipt(
        kudos.id,
        members.names_in_order(tx, kudos.recipients),
        remaining=remaining,
        warnings=warnings,
        is_private=kudos.is_private,
    )


def render_limit_reached(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    channel = tx.session.get_one(Channel, delivery.subject_id)
    text, blocks = notes.limit_reached(delivery.payload["why"])
    return PostEphemeral(channel.slack_id, delivery.payload["member"], text, blocks)


def render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    people = members.names_in_order(tx, kudos.recipients)
    channel = _channel_label(tx.session, kudos)
    error = delivery.payload["error"]
    text, blocks = notes.not_posted(kudos.reason, people, channel, error)
    return PostMessage(delivery.recipient, text, blocks)


def _giver(tx: Transaction, kudos: Kudos) -> str:
    if kudos.giver == ANONYMOUS:
        return notes.SOMEONE_HELPED
    return members.name(tx, kudos.giver)


def _recipient_note(tx: Transaction, kudos: Kudos, delivery: Delivery) -> Note:
    """Return the message to a recipient, with links to messages that they may see.

    Raises MembershipUnknown.
    """
    giver = _giver(tx, kudos)
    channels = [
        tx.session.get_one(Channel, channel_id)
        for channel_id in {kudos.channel_id, kudos.about_channel_id} - {None}
    ]
    visible = visibility.visible_channels(tx, channels, delivery.recipient)
    slack_ids = {
        channel.id: channel.slack_id for channel in channels if channel.id in visible
    }
    subject_url = history.subject_url(tx.workspace, kudos, slack_ids)
    if kudos.emoji is not None:
        return notes.received_by_reaction(giver, kudos.emoji, subject_url)
    return notes.received(
        giver,
        kudos.reason,
        tags=kudos.tags,
        url=history.kudos_url(tx.workspace, kudos, slack_ids),
        channel=_channel_label(tx.session, kudos),
        subject_url=subject_url,
    )


def _channel_label(session: Session, kudos: Kudos) -> str:
    """Return the channel's name; a private one's is hidden from its non-members."""
    if kudos.channel_id is None:
        return ""
    channel = session.get_one(Channel, kudos.channel_id)
    return "a private channel" if channel.is_private else f"#{channel.name}"


def on_receipt_rejected(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Send the receipt directly: the giver is not in the channel that they chose."""
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if delivery.recipient != kudos.giver:
        tx.enqueue(KUDOS_RECEIPT, kudos.id, to=kudos.giver, payload=delivery.payload)


def on_receipt_sent(
    tx: Transaction, delivery: Delivery, message: tuple[str, str] | None
) -> None:
    """Schedule the removal of the button, unless the receipt was ephemeral."""
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if message is not None and delivery.recipient == kudos.giver:
        window_end = max(tx.now, kudos.given_at + rules.TAKE_BACK_WINDOW)
        service.update_receipt(tx, kudos, send_at=window_end)


def _find_sent(
    tx: Transaction, kudos: Kudos, kind: MessageKind, recipient: str
) -> tuple[str, str] | None:
    key = dedup_key(kind, kudos.id, recipient)
    return find_sent(tx.session, kudos.installation_id, key)


MESSAGE_TYPES = (
    *kudos_message.KUDOS_MESSAGE.message_types(),
    MessageType(KUDOS_RECEIVED, render_received, update=KUDOS_UPDATE_RECIPIENT),
    MessageType(KUDOS_UPDATE_RECIPIENT, render_recipient_update, "resend"),
    # An ephemeral message is not worth sending twice.
    MessageType(
        KUDOS_RECEIPT,
        render_receipt,
        "drop",
        on_sent=on_receipt_sent,
        on_rejected=on_receipt_rejected,
    ),
    MessageType(KUDOS_UPDATE_RECEIPT, render_receipt_update, "resend"),
    MessageType(KUDOS_LIMIT_REACHED, render_limit_reached, "drop"),
    MessageType(KUDOS_NOT_POSTED, render_not_posted),
)
