"""What people share in a round's form: shown in its thread, changed until it closes.

Sharing in the form counts, whoever does it; it signs nobody up.
"""

from zoneinfo import ZoneInfo

from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import visibility
from bot.checkins import forms, participants, responses, rounds
from bot.checkins.blocks import RoundPrompt, RoundView
from bot.checkins.message_kinds import (
    CHECKIN_ASK_CREATED,
    CHECKIN_NOT_POSTED,
    CHECKIN_OFFER_ASK,
    CHECKIN_RESPONSE,
    CHECKIN_UPDATE_RESPONSE,
)
from bot.checkins.rules import Response
from bot.errors import UserError
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack import rich_text
from bot.workspace import members
from models import Channel, CheckIn, OutboxItem, Round, Schedule

CLOSED = (
    "This round has closed. Copy your words into its thread: a late reply counts, too."
)
CANCELLED = "This round was cancelled. The next one comes as planned."
NOT_POSTED_YET = "This round is just being posted; try again in a moment."


def form(tx: Transaction, round_id: int, member: str) -> View:
    """The form, filled in with what they shared before.

    Raises Refusal where the round is over, or is not for the person.
    """
    one = _require_open(tx, tx.session.get(Round, round_id), member)
    channel = tx.session.get_one(Channel, one.channel_id)
    found = responses.get(tx.session, one.id, member)
    seat = responses.get_participant(tx.session, one.schedule_id, member)
    return forms.share_form(
        one.id,
        prompt_of(one),
        response_of(found) if found else Response(),
        channel=channel.name,
        until=rich_text.date_token(one.closes_at, members.zone(tx, member)),
        is_participant=seat is not None and seat.is_in,
    )


def share(tx: Transaction, round_id: int, member: str, response: Response) -> CheckIn:
    """Record what somebody shares, once or anew, and show it in the thread.

    Raises Refusal where the round is over, or is not for the person.
    """
    held = rounds.lock(tx.session, round_id)
    one = _require_open(tx, held, member)
    found = responses.get_or_create(tx.session, one.id, member)
    is_known = response_of(found) == response
    found.working_on, found.stuck_on = response.working_on, response.stuck_on
    found.proud_of, found.reflection = response.proud_of, response.reflection
    responses.recompute(tx, one, member)
    if not is_known:
        post_response(tx, one, found)
        _offer_ask(tx, found)
    return found


def _require_open(tx: Transaction, round_: Round | None, member: str) -> Round:
    if round_ is None:
        raise UserError(participants.GONE)
    channel = tx.session.get_one(Channel, round_.channel_id)
    if channel.installation_id != tx.workspace.id:
        raise UserError(participants.GONE)
    responses.require_allowed(tx, channel, member)
    visibility.require_visible(tx, channel, member, message=participants.GONE)
    if round_.state in {"failed", "skipped"}:
        raise UserError(CANCELLED)
    if round_.state != "open" or tx.now >= round_.closes_at:
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


def post_response(tx: Transaction, round_: Round, checkin: CheckIn) -> None:
    """The thread is to show what somebody has shared; at first, and what it is now."""
    channel = tx.session.get_one(Channel, round_.channel_id)
    tx.enqueue(
        CHECKIN_RESPONSE,
        checkin.id,
        to=channel.slack_id,
        payload={"thread_ts": round_.ts},
    )
    if checkin.ts is not None or _is_being_sent(tx, checkin, channel):
        update_response(tx, checkin, channel)


def _is_being_sent(tx: Transaction, checkin: CheckIn, channel: Channel) -> bool:
    state = tx.session.scalar(
        select(OutboxItem.state).filter_by(
            installation_id=tx.workspace.id,
            key=f"checkin.answer:{checkin.id}:{channel.slack_id}",
        )
    )
    return state not in {"pending", "withdrawn"}


def update_response(tx: Transaction, checkin: CheckIn, channel: Channel) -> None:
    """The message that shows somebody's answers is to show what is true now."""
    tx.enqueue_update(CHECKIN_UPDATE_RESPONSE, checkin.id, to=channel.slack_id)


def _offer_ask(tx: Transaction, checkin: CheckIn) -> None:
    """A private button: what somebody is stuck on can become an ask."""
    if checkin.stuck_on and checkin.ask_id is None:
        tx.enqueue(CHECKIN_OFFER_ASK, checkin.id, to=checkin.member)


def update_ask_offer(tx: Transaction, checkin: CheckIn) -> None:
    """The private button, where it was sent, gives way to what came of it."""
    tx.enqueue_update(CHECKIN_ASK_CREATED, checkin.id, to=checkin.member)


# What becomes of the messages


def lock(tx: Transaction, delivery: Delivery) -> None:
    """Lock the round of a member's row, as everybody does."""
    found = tx.session.get(CheckIn, delivery.subject_id)
    if found is not None:
        rounds.lock(tx.session, found.round_id)


def on_posted(tx: Transaction, delivery: Delivery, sent: tuple[str, str]) -> None:
    """Slack has told the `ts` of somebody's answers."""
    found = tx.session.get(CheckIn, delivery.subject_id, populate_existing=True)
    if found is None:
        return
    found.ts = sent[1]
    tx.session.flush()
    one = tx.session.get_one(Round, found.round_id)
    if one.state == "closed":
        rounds.update_digest(tx, one)
    channel = tx.session.get_one(Channel, one.channel_id)
    changed_meanwhile = tx.session.scalar(
        select(OutboxItem.id).filter_by(
            installation_id=channel.installation_id,
            key=f"checkin.reword:{found.id}:{channel.slack_id}",
        )
    )
    if changed_meanwhile:
        update_response(tx, found, channel)


def on_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Slack will not have it there: it counts all the same, and its author knows."""
    found = tx.session.get(CheckIn, delivery.subject_id)
    if found is not None:
        tx.enqueue(
            CHECKIN_NOT_POSTED, found.id, to=found.member, payload={"error": error}
        )


def on_lost(tx: Transaction, delivery: Delivery, _error: str) -> None:
    on_rejected(tx, delivery, "unknown")


def on_update_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Somebody deleted the message in Slack: nothing leads there any more."""
    found = tx.session.get(CheckIn, delivery.subject_id, populate_existing=True)
    if found is None or error != "message_not_found":
        return
    found.ts = None
    tx.session.flush()
    one = tx.session.get_one(Round, found.round_id)
    if one.state == "closed":
        rounds.update_digest(tx, one)


def on_offer_sent(tx: Transaction, delivery: Delivery, _sent: object) -> None:
    """The private button is there; who has asked in between needs it no more."""
    found = tx.session.get(CheckIn, delivery.subject_id, populate_existing=True)
    if found is not None and found.ask_id is not None:
        update_ask_offer(tx, found)


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
