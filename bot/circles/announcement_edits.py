"""Edits of the messages before a meeting, when what they quote changes."""

from sqlalchemy import ColumnElement, select

from bot.circles import announcement_blocks, announcements, conversation
from bot.circles.message_kinds import CIRCLE_QUESTIONS, CIRCLE_UPDATE_QUESTIONS
from bot.circles.offer_blocks import OfferAnswer
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import SlackAction, UpdateMessage
from models import Ask, AskOffer, Channel, Circle, CircleMeeting, CircleMember


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
    meetings = tx.session.execute(
        select(CircleMeeting.id, CircleMeeting.circle_id)
        .join(AskOffer, AskOffer.meeting_id == CircleMeeting.id)
        .where(
            CircleMeeting.installation_id == tx.workspace.id,
            CircleMeeting.announced_at.is_not(None),
            AskOffer.answer == OfferAnswer.FINE,
            is_about,
        )
        .distinct()
    )
    for meeting_id, circle_id in meetings.all():
        people = tx.session.scalars(
            select(CircleMember.member).filter_by(circle_id=circle_id)
        )
        recipients = {*people, *conversation.all_channels(tx, circle_id)}
        tx.enqueue_updates(
            CIRCLE_UPDATE_QUESTIONS, [(meeting_id, each) for each in recipients]
        )


def _render_edit(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the announcement as it is now; those who left read no more of it."""
    recipient = delivery.recipient
    meeting = tx.session.get(CircleMeeting, delivery.subject_id)
    if meeting is None:
        return None
    key = dedup_key(
        CIRCLE_QUESTIONS, meeting.id, recipient, announcements.occurrence_of(meeting)
    )
    message = find_sent(tx.session, tx.workspace.id, key)
    if message is None:
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
