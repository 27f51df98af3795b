"""Edits of the messages before a meeting, when what they quote changes."""

from datetime import timedelta

from sqlalchemy import ColumnElement, select

from bot.circles import announcement_blocks, announcements, conversation
from bot.circles.message_kinds import CIRCLE_QUESTIONS, CIRCLE_UPDATE_QUESTIONS
from bot.circles.offer_blocks import OfferAnswer
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import Reschedule, SlackAction, UpdateMessage
from models import Ask, AskOffer, Channel, Circle, CircleMeeting, OutboxItem

_SENT_IN = timedelta(seconds=10)


def on_title_changed(tx: Transaction, ask: Ask) -> None:
    """Edit the announcements that quote an ask."""
    _edit(tx, AskOffer.ask_id == ask.id)


def on_channel_restricted(tx: Transaction, channel: Channel) -> None:
    """Take the asks of a channel out of the announcements that quote them."""
    own = select(Ask.id).where(Ask.channel_id == channel.id)
    _edit(tx, AskOffer.ask_id.in_(own))


def on_people_changed(tx: Transaction, circle: Circle) -> None:
    """Edit the announcements in the conversation: new people read these, too."""
    _edit(tx, CircleMeeting.circle_id == circle.id)


def _edit(tx: Transaction, is_about: ColumnElement[bool]) -> None:
    """Edit all announcements of the meetings; one that moved has several.

    The subject of an edit is the announcement's outbox item.
    """
    meetings = tx.session.scalars(
        select(CircleMeeting.id)
        .join(AskOffer, AskOffer.meeting_id == CircleMeeting.id)
        .where(
            CircleMeeting.installation_id == tx.workspace.id,
            AskOffer.answer == OfferAnswer.FINE,
            is_about,
        )
        .distinct()
    ).all()
    if not meetings:
        return
    items = tx.session.execute(
        select(OutboxItem.id, OutboxItem.recipient).where(
            OutboxItem.installation_id == tx.workspace.id,
            OutboxItem.kind == CIRCLE_QUESTIONS,
            OutboxItem.subject_id.in_(meetings),
        )
    )
    targets = [(item.id, item.recipient) for item in items]
    tx.enqueue_updates(CIRCLE_UPDATE_QUESTIONS, targets)


def _render_edit(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Render the announcement as it is now; those who left read no more of it."""
    item, recipient = (
        tx.session.get(OutboxItem, delivery.subject_id),
        delivery.recipient,
    )
    if item is None or (item.kind, item.recipient) != (CIRCLE_QUESTIONS, recipient):
        return None
    if item.finished_at is None:
        # It may be on its way with the words of before.
        return Reschedule(max(item.due_at, tx.now + _SENT_IN))
    message = find_sent(tx.session, tx.workspace.id, item.dedup_key)
    meeting = tx.session.get(CircleMeeting, item.subject_id)
    if message is None or meeting is None:
        return None
    if not conversation.readers(tx, meeting.circle_id, recipient):
        return UpdateMessage(*message, *announcement_blocks.past(meeting.number))
    note = announcement_blocks.announcement(announcements.announcement_of(tx, meeting))
    return UpdateMessage(*message, *note)


MESSAGE_TYPES = (
    MessageType(
        CIRCLE_UPDATE_QUESTIONS, conversation.when_settled(_render_edit), "resend"
    ),
)
