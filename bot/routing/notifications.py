"""Render the private messages about asks that wait for an answer."""

from sqlalchemy import String, cast, func, not_, select
from sqlalchemy.orm import aliased

from bot.asks import ask_view
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.routing import (
    asker_notes,
    notes,
    steps,
)
from bot.routing.asker_notes import Steps
from bot.routing.candidates import outcome_of
from bot.routing.message_kinds import (
    ROUTING_CHAMPIONS,
    ROUTING_NOTICE,
    ROUTING_REQUEST,
    ROUTING_UPDATE_NOTICE,
    ROUTING_UPDATE_REQUEST,
)
from bot.routing.notes import AskLine, ReasonView
from bot.routing.rules import reason_kind
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.slack.blocks import Note
from bot.slack.text import format_month
from bot.worklist import items
from bot.workspace import contact_hours, member_settings, members, roles, visibility
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from bot.workspace.visibility import sees
from models import Answer, Ask, AskRoute, AskStep, Channel, HelpRequest, OutboxItem

MAX_LISTED = 10
# The name of the kind of suggestion to champions.
SUGGESTION = "unanswered"


def render_request(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the request if the ask still waits, and its member may be asked."""
    request = tx.session.get(HelpRequest, delivery.subject_id)
    if request is None or request.outcome != "open":
        return None
    if member_settings.get(tx, request.member).max_requests_per_week == 0:
        return None
    ask = tx.session.get_one(Ask, request.ask_id)
    if not steps.is_waiting(ask):
        return None
    return PostMessage(delivery.recipient, *request_note(tx, request))


def request_note(tx: Transaction, request: HelpRequest) -> Note:
    """Return an open request as its member reads it."""
    ask, channel = ask_view.load_ask(tx.session, request.ask_id)
    in_step = tx.session.scalar(
        select(func.count())
        .select_from(HelpRequest)
        .filter_by(ask_id=ask.id, step=request.step)
    )
    return notes.request(
        request.id,
        ask_line(tx, ask, channel),
        reason(tx, request),
        is_one_of_two=(in_step or 0) > 1,
        is_first=not _was_asked_before(tx, request),
    )


def _was_asked_before(tx: Transaction, request: HelpRequest) -> bool:
    """Return True if the member has got a request before, of those that are stored."""
    earlier = tx.session.scalars(
        select(HelpRequest.id).where(
            HelpRequest.installation_id == tx.workspace.id,
            HelpRequest.member == request.member,
            HelpRequest.id < request.id,
        )
    )
    keys = [dedup_key(ROUTING_REQUEST, each, request.member) for each in earlier]
    was_sent = select(OutboxItem.id).where(
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.dedup_key.in_(keys),
        OutboxItem.state == "sent",
    )
    return tx.session.scalar(was_sent.limit(1)) is not None


def ask_line(tx: Transaction, ask: Ask, channel: Channel) -> AskLine:
    return AskLine(
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, ask.ts or ""),
        members.name(tx, ask.asker),
        (channel.slack_id, channel.name),
    )


def reason(tx: Transaction, request: HelpRequest) -> ReasonView:
    """Return the reason, without the earlier ask unless the member can see it now."""
    kind = reason_kind(request.reason)
    if request.reason_ask_id is None:
        return ReasonView(kind, topic=request.reason_topic)
    ask, channel = ask_view.load_ask(tx.session, request.reason_ask_id)
    answer = tx.session.scalars(
        select(Answer)
        .filter_by(ask_id=ask.id, author=request.member, is_deleted=False)
        .order_by(
            Answer.is_solution.desc(),
            (Answer.helpful_count > 0).desc(),
            Answer.answered_at.desc(),
        )
        .limit(1)
    ).first()
    can_see = channel.id in visibility.readable_channels(tx, request.member)
    if ask.deleted_at or ask.ts is None or answer is None or not can_see:
        return ReasonView(kind)
    month = format_month(answer.answered_at, tx.now, members.zone(tx, request.member))
    return ReasonView(
        # Marks may have changed since.
        outcome_of(answer).value,
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, ask.ts),
        notes.when(month),
    )


def render_request_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    request = tx.session.get(HelpRequest, delivery.subject_id)
    key = dedup_key(ROUTING_REQUEST, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    if message is None:
        return None
    if request is None:
        return UpdateMessage(*message, *notes.request_expired())
    return UpdateMessage(*message, *_current_note(tx, request))


def _current_note(tx: Transaction, request: HelpRequest) -> Note:
    """Return what the request says now, by the state of the ask and the member."""
    ask, channel = ask_view.load_ask(tx.session, request.ask_id)
    if ask.deleted_at is not None or ask.ts is None:
        return notes.request_over(None, has_answer=False)
    line = ask_line(tx, ask, channel)
    own = tx.session.execute(
        select(Answer.helpful_count, Answer.is_solution).filter_by(
            ask_id=ask.id, author=request.member, is_deleted=False
        )
    ).all()
    is_waiting = steps.is_waiting(ask) and not channel.is_archived
    if own:
        helped = any(row.helpful_count or row.is_solution for row in own)
        return notes.request_answered(line, has_helped=helped)
    match request.outcome:
        case "helping":
            return notes.request_accepted(line)
        case "declined" if is_waiting:
            return notes.request_declined(request.id, line, topics=ask.topics)
        case "open" if is_waiting:
            return request_note(tx, request)
        case _:
            has_answer = ask.state in {"answered", "solved"}
            return notes.request_over(line, has_answer=has_answer)


def _gone(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Take the ask out of a message to a member who can no longer see it."""
    key = dedup_key(ROUTING_REQUEST, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    if message is None:
        return None
    return UpdateMessage(*message, *notes.request_over(None, has_answer=False))


def _can_read(tx: Transaction, delivery: Delivery) -> bool:
    """Return True if the recipient may read the ask. Raises MembershipUnknown."""
    request = tx.session.get(HelpRequest, delivery.subject_id)
    if request is None:
        return True
    _, channel = ask_view.load_ask(tx.session, request.ask_id)
    return visibility.can_read(tx, channel, delivery.recipient)


def render_notice(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask = tx.session.get_one(Ask, delivery.subject_id)
    if not steps.is_waiting(ask):
        return None
    return PostMessage(delivery.recipient, *_notice(tx, ask))


def render_notice_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask = tx.session.get_one(Ask, delivery.subject_id)
    key = dedup_key(ROUTING_NOTICE, ask.id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    if message is None:
        return None
    if ask.deleted_at is not None or ask.ts is None:
        return UpdateMessage(*message, *asker_notes.notice_over())
    return UpdateMessage(*message, *_notice(tx, ask))


def _notice(tx: Transaction, ask: Ask) -> Note:
    channel = tx.session.get_one(Channel, ask.channel_id)
    taken = {
        row.step: row
        for row in tx.session.scalars(select(AskStep).filter_by(ask_id=ask.id))
    }
    counts = {step: row.request_count for step, row in taken.items()}
    sideways = taken.get(steps.SIDEWAYS)
    return asker_notes.notice(
        ask.id,
        ask_line(tx, ask, channel),
        Steps(
            peers=counts.get(steps.PEERS, 0),
            sideways=counts.get(steps.SIDEWAYS, 0),
            are_from_elsewhere=bool(sideways and sideways.is_sideways),
            is_last=steps.ASKER in taken,
            is_waiting=steps.is_waiting(ask),
        ),
        is_own_message=ask.is_users_message,
    )


def _ask_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    return [tx.session.get_one(Ask, delivery.subject_id).channel_id]


def render_champions(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the asks in a channel that are new to a champion, if any.

    They are those that reached this step since the message was enqueued, for the first
    of them, and that no champion got as a suggestion.
    """
    message = tx.session.get_one(OutboxItem, delivery.id)
    channel = tx.session.get_one(Channel, delivery.subject_id)
    if not roles.is_champion(tx.session, channel.id, delivery.recipient):
        return None
    step = aliased(AskStep)
    count = select(func.sum(step.request_count)).where(step.ask_id == Ask.id)
    rows = tx.session.execute(
        select(Ask, count.scalar_subquery())
        .join(AskRoute, AskRoute.ask_id == Ask.id)
        .join(AskStep, (AskStep.ask_id == Ask.id) & (AskStep.step == steps.CHAMPIONS))
        .where(
            Ask.channel_id == channel.id,
            Ask.state == "open",
            Ask.ts.is_not(None),
            AskStep.taken_at >= message.created_at,
            not_(items.is_known(tx, SUGGESTION, cast(Ask.id, String))),
        )
        .order_by(AskStep.taken_at.desc(), Ask.id.desc())
    ).all()
    if not rows:
        return None
    lines = [
        (ask_line(tx, ask, channel), int(count)) for ask, count in rows[:MAX_LISTED]
    ]
    note = asker_notes.champions(
        (channel.slack_id, channel.name), lines, max(0, len(rows) - MAX_LISTED)
    )
    return PostMessage(delivery.recipient, *note)


def _channel_itself(_tx: Transaction, delivery: Delivery) -> list[int]:
    return [delivery.subject_id]


MESSAGE_TYPES = (
    MessageType(
        ROUTING_REQUEST,
        render_request,
        update=ROUTING_UPDATE_REQUEST,
        # Slack may not have been reachable in their hours.
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.REQUEST),
        can_see=_can_read,
    ),
    MessageType(
        ROUTING_UPDATE_REQUEST,
        render_request_update,
        "resend",
        can_see=_can_read,
        render_without_access=_gone,
    ),
    MessageType(
        ROUTING_NOTICE,
        render_notice,
        update=ROUTING_UPDATE_NOTICE,
        # The channel's working hours may not be the asker's.
        send_after=contact_hours.send_after,
        can_see=sees(_ask_channels),
    ),
    MessageType(
        ROUTING_UPDATE_NOTICE,
        render_notice_update,
        "resend",
        can_see=sees(_ask_channels),
    ),
    MessageType(
        ROUTING_CHAMPIONS,
        render_champions,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.QUESTION),
        can_see=sees(_channel_itself),
    ),
)
