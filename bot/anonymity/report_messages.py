"""Messages to champions about an ask that people's reports have hidden."""

from bot.anonymity import notes
from bot.anonymity.message_kinds import ANONYMOUS_REPORT, ANONYMOUS_UPDATE_REPORT
from bot.anonymity.permissions import LOOK_AFTER
from bot.anonymity.review_messages import ask_text, recipients
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import is_allowed
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.slack.blocks import Note
from bot.workspace import channels, contact_hours, leads, roles
from bot.workspace.visibility import sees
from models import Ask, Channel


def tell_champions(tx: Transaction, ask: Ask) -> None:
    """Tell all champions of the channel, also an author; without any, the leads."""
    people = channels.champions(tx.session, ask.channel_id)
    for person in people or leads.program_leads(tx):
        tx.enqueue(ANONYMOUS_REPORT, ask.id, to=person)


def update(tx: Transaction, ask: Ask) -> None:
    """Update the messages after a decision; nothing says who decided."""
    for person in recipients(tx, ANONYMOUS_REPORT, ask.id):
        tx.enqueue_update(ANONYMOUS_UPDATE_REPORT, ask.id, to=person)


def _note(tx: Transaction, ask: Ask) -> Note:
    channel = tx.session.get_one(Channel, ask.channel_id)
    place = (channel.slack_id, channel.name)
    if not ask.is_hidden:
        return notes.report_over(ask.id, place, is_shown=ask.deleted_at is None)
    return notes.report(ask.id, ask_text(tx, channel, ask))


def _render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask = tx.session.get_one(Ask, delivery.subject_id)
    channel = tx.session.get_one(Channel, ask.channel_id)
    reader_roles = roles.in_channel(tx, channel, delivery.recipient)
    if not ask.is_hidden or not is_allowed(LOOK_AFTER, reader_roles):
        return None
    return PostMessage(delivery.recipient, *_note(tx, ask))


def _render_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    key = dedup_key(ANONYMOUS_REPORT, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    if message is None:
        return None
    ask = tx.session.get_one(Ask, delivery.subject_id)
    return UpdateMessage(*message, *_note(tx, ask))


def _render_gone(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Take the text out of a message to someone who can no longer see the channel."""
    key = dedup_key(ANONYMOUS_REPORT, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    return UpdateMessage(*message, *notes.report_gone()) if message else None


def _channel_of(tx: Transaction, delivery: Delivery) -> list[int]:
    return [tx.session.get_one(Ask, delivery.subject_id).channel_id]


MESSAGE_TYPES = (
    MessageType(
        ANONYMOUS_REPORT,
        _render,
        update=ANONYMOUS_UPDATE_REPORT,
        send_after=contact_hours.send_after,
        can_see=sees(_channel_of),
    ),
    MessageType(
        ANONYMOUS_UPDATE_REPORT,
        _render_update,
        "resend",
        can_see=sees(_channel_of),
        render_without_access=_render_gone,
    ),
)
