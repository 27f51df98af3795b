"""What people share in a round's form: shown in its thread, changed until it closes.

Sharing in the form counts, whoever does it; it signs nobody up.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import visibility
from bot.checkins import forms, participants, responses, rounds
from bot.checkins.blocks import RoundPrompt, RoundView
from bot.checkins.rules import Response
from bot.errors import UserError
from bot.outbox import enqueue
from bot.outbox.queue import Delivery
from bot.runtime import Workspace
from bot.slack import rich_text
from bot.workspace import members
from models import Channel, CheckIn, OutboxItem, Round, Schedule

CLOSED = (
    "This round has closed. Copy your words into its thread: a late reply counts, too."
)
CANCELLED = "This round was cancelled. The next one comes as planned."
NOT_POSTED_YET = "This round is just being posted; try again in a moment."


def form(
    session: Session,
    workspace: Workspace,
    round_id: int,
    member: str,
    *,
    now: datetime,
) -> View:
    """The form, filled in with what they shared before.

    Raises Refusal where the round is over, or is not for the person.
    """
    one = _require_open(
        session, workspace, session.get(Round, round_id), member, now=now
    )
    channel = session.get_one(Channel, one.channel_id)
    found = responses.get(session, one.id, member)
    seat = responses.get_participant(session, one.schedule_id, member)
    return forms.share_form(
        one.id,
        prompt_of(one),
        response_of(found) if found else Response(),
        channel=channel.name,
        until=rich_text.date_token(
            one.closes_at, members.zone(session, workspace.id, member)
        ),
        is_participant=seat is not None and seat.is_in,
    )


def share(
    session: Session,
    workspace: Workspace,
    round_id: int,
    member: str,
    response: Response,
    *,
    now: datetime,
) -> CheckIn:
    """Record what somebody shares, once or anew, and show it in the thread.

    Raises Refusal where the round is over, or is not for the person.
    """
    held = rounds.lock(session, round_id)
    one = _require_open(session, workspace, held, member, now=now)
    found = responses.get_or_create(session, one.id, member)
    is_known = response_of(found) == response
    found.working_on, found.stuck_on = response.working_on, response.stuck_on
    found.proud_of, found.reflection = response.proud_of, response.reflection
    responses.recompute(session, one, member, now=now)
    if not is_known:
        post_response(session, workspace, one, found, now=now)
        _offer_ask(session, workspace, found, now=now)
    return found


def _require_open(
    session: Session,
    workspace: Workspace,
    round_: Round | None,
    member: str,
    *,
    now: datetime,
) -> Round:
    if round_ is None:
        raise UserError(participants.GONE)
    channel = session.get_one(Channel, round_.channel_id)
    if channel.installation_id != workspace.id:
        raise UserError(participants.GONE)
    responses.require_allowed(session, channel, member)
    visibility.require_visible(
        session, channel, member, now=now, message=participants.GONE
    )
    if round_.state in {"failed", "skipped"}:
        raise UserError(CANCELLED)
    if round_.state != "open" or now >= round_.closes_at:
        raise UserError(CLOSED)
    if round_.ts is None:
        raise UserError(NOT_POSTED_YET)
    return round_


def prompt_of(round_: Round) -> RoundPrompt:
    return RoundPrompt(round_.question, round_.hint, round_.reflection)


def response_of(checkin: CheckIn) -> Response:
    return Response(
        checkin.working_on, checkin.stuck_on, checkin.proud_of, checkin.reflection
    )


def post_response(
    session: Session,
    workspace: Workspace,
    round_: Round,
    checkin: CheckIn,
    *,
    now: datetime,
) -> None:
    """The thread is to show what somebody has shared; at first, and what it is now."""
    channel = session.get_one(Channel, round_.channel_id)
    enqueue.enqueue(
        session,
        "checkin.answer",
        checkin.id,
        channel.slack_id,
        installation_id=workspace.id,
        now=now,
        payload={"thread_ts": round_.ts},
    )
    if checkin.ts is not None or _is_being_sent(session, workspace, checkin, channel):
        update_response(session, checkin, channel, now=now)


def _is_being_sent(
    session: Session, workspace: Workspace, checkin: CheckIn, channel: Channel
) -> bool:
    state = session.scalar(
        select(OutboxItem.state).filter_by(
            installation_id=workspace.id,
            key=f"checkin.answer:{checkin.id}:{channel.slack_id}",
        )
    )
    return state not in {"pending", "withdrawn"}


def update_response(
    session: Session, checkin: CheckIn, channel: Channel, *, now: datetime
) -> None:
    """The message that shows somebody's answers is to show what is true now."""
    enqueue.enqueue_update(
        session,
        "checkin.reword",
        checkin.id,
        channel.slack_id,
        installation_id=channel.installation_id,
        now=now,
    )


def _offer_ask(
    session: Session, workspace: Workspace, checkin: CheckIn, *, now: datetime
) -> None:
    """A private button: what somebody is stuck on can become an ask."""
    if checkin.stuck_on and checkin.ask_id is None:
        enqueue.enqueue(
            session,
            "checkin.stuck",
            checkin.id,
            checkin.member,
            installation_id=workspace.id,
            now=now,
        )


def update_ask_offer(
    session: Session, checkin: CheckIn, installation_id: int, *, now: datetime
) -> None:
    """The private button, where it was sent, gives way to what came of it."""
    enqueue.enqueue_update(
        session,
        "checkin.asked",
        checkin.id,
        checkin.member,
        installation_id=installation_id,
        now=now,
    )


# What becomes of the messages


def lock(session: Session, delivery: Delivery) -> None:
    """Lock the round of a member's row, as everybody does."""
    found = session.get(CheckIn, delivery.subject_id)
    if found is not None:
        rounds.lock(session, found.round_id)


def on_posted(
    session: Session, delivery: Delivery, sent: tuple[str, str], now: datetime
) -> None:
    """Slack has told the `ts` of somebody's answers."""
    found = session.get(CheckIn, delivery.subject_id, populate_existing=True)
    if found is None:
        return
    found.ts = sent[1]
    session.flush()
    one = session.get_one(Round, found.round_id)
    if one.state == "closed":
        rounds.update_digest(session, one, now=now)
    channel = session.get_one(Channel, one.channel_id)
    changed_meanwhile = session.scalar(
        select(OutboxItem.id).filter_by(
            installation_id=channel.installation_id,
            key=f"checkin.reword:{found.id}:{channel.slack_id}",
        )
    )
    if changed_meanwhile:
        update_response(session, found, channel, now=now)


def on_rejected(
    session: Session, delivery: Delivery, error: str, now: datetime
) -> None:
    """Slack will not have it there: it counts all the same, and its author knows."""
    found = session.get(CheckIn, delivery.subject_id)
    if found is not None:
        enqueue.enqueue(
            session,
            "checkin.not_posted",
            found.id,
            found.member,
            installation_id=delivery.installation_id,
            now=now,
            payload={"error": error},
        )


def on_lost(session: Session, delivery: Delivery, _error: str, now: datetime) -> None:
    on_rejected(session, delivery, "unknown", now)


def on_update_rejected(
    session: Session, delivery: Delivery, error: str, now: datetime
) -> None:
    """Somebody deleted the message in Slack: nothing leads there any more."""
    found = session.get(CheckIn, delivery.subject_id, populate_existing=True)
    if found is None or error != "message_not_found":
        return
    found.ts = None
    session.flush()
    one = session.get_one(Round, found.round_id)
    if one.state == "closed":
        rounds.update_digest(session, one, now=now)


def on_offer_sent(
    session: Session, delivery: Delivery, _sent: object, now: datetime
) -> None:
    """The private button is there; who has asked in between needs it no more."""
    found = session.get(CheckIn, delivery.subject_id, populate_existing=True)
    if found is not None and found.ask_id is not None:
        update_ask_offer(session, found, delivery.installation_id, now=now)


def view_of(session: Session, round_: Round) -> RoundView:
    """What a round asks, as its channel is to see it."""
    schedule = session.get_one(Schedule, round_.schedule_id)
    return RoundView(
        id=round_.id,
        question=round_.question,
        hint=round_.hint,
        reflection=round_.reflection,
        closes_at=round_.closes_at,
        zone=ZoneInfo(schedule.zone),
    )
