"""The messages with a meeting's agenda: post, edit, and post again if need be."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select

from bot import timezones
from bot.circles import (
    actions,
    agenda_blocks,
    conversation,
    member_questions,
    writing_blocks,
    writing_weeks,
)
from bot.circles import meeting_store as store
from bot.circles.agenda_blocks import ActionView, AgendaView
from bot.circles.formats import StepKind
from bot.circles.message_kinds import (
    CIRCLE_AGENDA,
    CIRCLE_AGREED,
    CIRCLE_UPDATE_AGENDA,
)
from bot.db.statements import upsert
from bot.outbox.posted_message import PostedMessage
from bot.outbox.queue import Delivery
from bot.personal_data import Erasure, MessagePolicy
from bot.runtime import Transaction
from bot.slack.actions import Reschedule, SlackAction
from bot.slack.blocks import Note
from bot.workspace import members
from models import Circle, CircleMeeting, CircleMeetingMessage, CircleMember

# Slack takes 50 edits a minute from a workspace (the limit of `chat.update`). A circle
# without a channel has a message for each person; together they need at most 40.
EDIT_EVERY = timedelta(minutes=1) / 40
# With these errors Slack will never edit the message.
_UNEDITABLE = frozenset(
    {
        *("message_not_found", "thread_not_found"),
        *("cant_update_message", "edit_window_closed"),
    }
)


def post(
    tx: Transaction,
    meeting: CircleMeeting,
    *,
    occurrence: str = "",
    to: Sequence[str] | None = None,
) -> None:
    """Post the agenda to the circle, once for each `occurrence`.

    `to` are the recipients, if it isn't for all.
    """
    recipients = conversation.recipients(tx, meeting.circle_id) if to is None else to
    if not recipients:
        return
    insert = upsert(tx.session, CircleMeetingMessage)
    tx.session.execute(
        insert.on_conflict_do_nothing(),
        [
            {"meeting_id": meeting.id, "recipient": each, "reposts": 0}
            for each in recipients
        ],
    )
    for message in _messages(tx, meeting):
        if message.recipient in recipients:
            tx.enqueue(
                CIRCLE_AGENDA,
                message.id,
                to=message.recipient,
                payload={"stage": occurrence} if occurrence else None,
                occurrence=occurrence,
            )


def update(tx: Transaction, meeting: CircleMeeting) -> None:
    """Edit the agenda everywhere, now or some seconds after the last edit."""
    tx.session.flush()
    for message in _messages(tx, meeting):
        _request_update(tx, message)


def _messages(tx: Transaction, meeting: CircleMeeting) -> list[CircleMeetingMessage]:
    return list(
        tx.session.scalars(
            select(CircleMeetingMessage)
            .filter_by(meeting_id=meeting.id)
            .order_by(CircleMeetingMessage.id)
            .execution_options(populate_existing=True)
        )
    )


def _request_update(tx: Transaction, message: CircleMeetingMessage) -> None:
    tx.enqueue_updates(
        CIRCLE_UPDATE_AGENDA,
        [(message.id, message.recipient)],
        send_at=_edit_at(tx, message),
    )


def _edit_at(tx: Transaction, message: CircleMeetingMessage) -> datetime:
    """Return when the message may be edited: now, or some seconds after the last."""
    if message.edited_at is None:
        return tx.now
    messages = select(func.count()).where(
        CircleMeetingMessage.meeting_id == message.meeting_id
    )
    distance = EDIT_EVERY * tx.session.scalars(messages).one()
    # An edit in the future was recorded while our clock was ahead.
    earliest = min(message.edited_at, tx.now) + distance
    return max(tx.now, earliest)


def note(tx: Transaction, meeting: CircleMeeting) -> Note:
    """Return the agenda as it is now."""
    circle = tx.session.get_one(Circle, meeting.circle_id)
    if circle.is_in_writing:
        return writing_blocks.week(writing_weeks.view(tx, circle, meeting))
    state = store.state_of(tx, meeting)
    agenda = state.agenda
    step = agenda.step if agenda and state.is_open else None
    following = agenda if step else None
    people = {
        *(store.members_of(tx, meeting.circle_id)),
        *state.turns_wanted,
        *filter(None, [state.facilitator]),
    }
    names = members.first_names(tx, people)
    asked = member_questions.of_meeting(tx, meeting)
    shown: Sequence[ActionView] = ()
    if state.ended_at is not None:
        shown = actions.of_meeting(tx, meeting)
    elif step is not None and step.kind == StepKind.LAST_TIME:
        shown = actions.of_last_time(tx, meeting)
    return agenda_blocks.agenda(
        AgendaView(
            id=meeting.id,
            circle_id=circle.id,
            number=meeting.number,
            phase=state.phase,
            planned_at=meeting.planned_at,
            zone=timezones.get_or_utc(circle.zone),
            facilitator=names.get(state.facilitator),
            format=state.format,
            goal=meeting.goal,
            scope=meeting.scope,
            turns_wanted=[names[member] for member in state.turns_wanted],
            step=step,
            turn_of=names.get(step.member or "", "") if step else "",
            position=agenda.position if agenda else 0,
            extensions=agenda.extensions if agenda else 0,
            step_ends_at=agenda.step_ends_at if agenda else None,
            closes_at=state.closes_at,
            next_step=following.next_step if following else None,
            next_turn=names.get(following.next_turn or "") if following else None,
            has_begun=agenda is not None,
            questions=[(names[member], text) for member, text in asked],
            actions=shown,
        )
    )


def _lock(tx: Transaction, message_id: int) -> None:
    """Lock the circle before its messages, as all transactions do."""
    meeting_id = tx.session.scalar(
        select(CircleMeetingMessage.meeting_id).filter_by(id=message_id)
    )
    if meeting_id is not None:
        store.lock(tx, meeting_id)


def _visible_note(tx: Transaction, message: CircleMeetingMessage) -> Note | None:
    """Return the agenda, or None if the circle no longer reads the message."""
    meeting = tx.session.get_one(CircleMeeting, message.meeting_id)
    circle = tx.session.get_one(Circle, meeting.circle_id)
    if not conversation.readers(tx, circle.id, message.recipient):
        return None
    if meeting.started_at is None and store.is_over(tx, circle):
        return None
    return note(tx, meeting)


def _render_post(
    tx: Transaction, message: CircleMeetingMessage, delivery: Delivery
) -> Note | None:
    """Render the agenda; None for a stage in writing that is over."""
    stage = delivery.payload.get("stage")
    meeting = tx.session.get_one(CircleMeeting, message.meeting_id)
    circle = tx.session.get_one(Circle, meeting.circle_id)
    if stage is not None and stage != writing_weeks.stage_of(tx, circle, meeting):
        return None
    return _visible_note(tx, message)


def _render_update(
    tx: Transaction, message: CircleMeetingMessage
) -> Note | Literal["unchanged"]:
    return _visible_note(tx, message) or "unchanged"


def _on_posted(tx: Transaction, message: CircleMeetingMessage) -> None:
    message.edited_at = tx.now


def _on_updated(tx: Transaction, delivery: Delivery, _result: Any) -> None:
    message = tx.session.get(CircleMeetingMessage, delivery.subject_id)
    if message is not None:
        message.edited_at = tx.now


def _post_again(tx: Transaction, message: CircleMeetingMessage) -> None:
    """Post the agenda anew, once, because Slack refused to edit it."""
    message.ts = None
    meeting = tx.session.get_one(CircleMeeting, message.meeting_id)
    if message.reposts or meeting.ended_at is not None:
        return
    message.reposts += 1
    tx.enqueue(CIRCLE_AGENDA, message.id, to=message.recipient, occurrence="again")


def _post_to_each(tx: Transaction, message: CircleMeetingMessage, error: str) -> None:
    """Post the agenda to each alone, if the circle can't read it together.

    If their channel is gone, it follows them to the next place. A person who can't be
    reached reads it with the others.
    """
    people = conversation.lose_if_gone(tx, message.recipient, error)
    if error in conversation.GONE:
        return
    meeting = tx.session.get_one(CircleMeeting, message.meeting_id)
    circle = tx.session.get_one(Circle, meeting.circle_id)
    post(tx, meeting, occurrence=_stage(tx, circle, meeting), to=people)


def _stage(tx: Transaction, circle: Circle, meeting: CircleMeeting) -> str:
    """Return the stage of a week in writing; empty for a call."""
    if not circle.is_in_writing:
        return ""
    return writing_weeks.stage_of(tx, circle, meeting) or ""


def post_where_they_are(tx: Transaction, circle: Circle) -> None:
    """Post the agenda of the meeting that is on in the circle's new place."""
    meeting = store.ahead(tx, circle.id)
    if meeting is not None and meeting.posted_at is not None:
        post(tx, meeting, occurrence=_stage(tx, circle, meeting))


AGENDA = PostedMessage(
    model=CircleMeetingMessage,
    lock=_lock,
    post=CIRCLE_AGENDA,
    render_post=_render_post,
    slack_channel="slack_channel",
    on_posted=_on_posted,
    on_rejected=_post_to_each,
    update=CIRCLE_UPDATE_AGENDA,
    render_update=_render_update,
    on_updated=_on_updated,
    on_deleted=_post_again,
)


def _render_spaced(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Render an edit, or reschedule it: an earlier one may just have been sent."""
    message = tx.session.get(CircleMeetingMessage, delivery.subject_id)
    if message is not None and _edit_at(tx, message) > tx.now:
        return Reschedule(_edit_at(tx, message))
    return _update_type.render(tx, delivery)


def _on_update_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    message = tx.session.get(
        CircleMeetingMessage, delivery.subject_id, populate_existing=True
    )
    if message is None:
        return
    if error in conversation.GONE:
        _post_to_each(tx, message, error)
    elif error in _UNEDITABLE:
        _post_again(tx, message)


def _send_after(tx: Transaction, delivery: Delivery) -> datetime:
    """Return when to post an agenda: at once, but a week in writing in their hours."""
    message = tx.session.get(CircleMeetingMessage, delivery.subject_id)
    if message is not None:
        meeting = tx.session.get_one(CircleMeeting, message.meeting_id)
        if tx.session.get_one(Circle, meeting.circle_id).is_in_writing:
            return conversation.send_after(tx, delivery)
    return delivery.started_at


_post_type, _update_type = AGENDA.message_types()
MESSAGE_TYPES = (
    replace(
        _post_type,
        render=conversation.when_settled(_post_type.render),
        send_after=_send_after,
    ),
    replace(
        _update_type,
        render=conversation.when_settled(_render_spaced),
        on_rejected=_on_update_rejected,
    ),
)


def meetings_with(tx: Transaction, erasure: Erasure) -> list[int]:
    """Return the meetings of the circles that the member is or was in."""
    return list(
        tx.session.scalars(
            select(CircleMeeting.id)
            .join(CircleMember, CircleMember.circle_id == CircleMeeting.circle_id)
            .where(
                CircleMeeting.installation_id == tx.workspace.id,
                CircleMember.member == erasure.member,
            )
        )
    )


def _messages_with(tx: Transaction, erasure: Erasure) -> list[int]:
    return list(
        tx.session.scalars(
            select(CircleMeetingMessage.id).where(
                CircleMeetingMessage.meeting_id.in_(meetings_with(tx, erasure))
            )
        )
    )


MESSAGES = (
    MessagePolicy(frozenset({CIRCLE_AGENDA, CIRCLE_UPDATE_AGENDA}), _messages_with),
    MessagePolicy(frozenset({CIRCLE_AGREED}), meetings_with),
)
