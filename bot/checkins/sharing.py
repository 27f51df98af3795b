"""Share in a round by the form, and make an ask of a blocker.

All members of the channel may share, and edit their response until the round closes.
The response is shown in the round's thread. Sharing does not make them participants.
"""

from zoneinfo import ZoneInfo

from slack_sdk.models.views import View
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.asks import forms as ask_forms
from bot.asks import rules as ask_rules
from bot.asks import service as asks
from bot.checkins import forms, participants, responses, rounds
from bot.checkins.blocks import Blocker, RoundPrompt, RoundView
from bot.checkins.message_kinds import (
    CHECKIN_ASK_CREATED,
    CHECKIN_OFFER_ASK,
    CHECKIN_RESPONSE,
    CHECKIN_UPDATE_RESPONSE,
)
from bot.checkins.rules import Response
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, lock_rows
from bot.errors import UserError
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_state
from bot.runtime import Transaction
from bot.slack import rich_text
from bot.slack.text import permalink
from bot.workspace import members, visibility
from models import Answer, Ask, Channel, CheckIn, Round, Schedule

# Responses that are updated in one transaction.
BATCH_SIZE = 50

CLOSED = (
    "This round has closed. Copy your text into its thread. Late replies count too."
)
CANCELLED = "This round was cancelled. The next one comes as planned."
NOT_YOURS = "That's someone else's check-in."
NO_BLOCKER = "“Stuck on” is empty in that check-in now."
ALREADY_ASKED = (
    "You've already asked your peers about this. The thread links to your ask."
)
NOT_POSTED_YET = "I'm still posting this round. Try again in a moment."


def form(tx: Transaction, round_id: int, member: str) -> View:
    """Return the form to share, filled in with the member's response, if any.

    Raises UserError if the round is over or the member may not share, and
    MembershipUnknown.
    """
    round_ = _require_open(tx, _find_round(tx, round_id), member)
    channel = tx.session.get_one(Channel, round_.channel_id)
    checkin = responses.get(tx.session, round_.id, member)
    participant = responses.get_participant(tx.session, round_.schedule_id, member)
    return forms.share_form(
        round_.id,
        prompt_of(round_),
        response_of(checkin) if checkin else Response(),
        channel=channel.name,
        until=rich_text.date_token(round_.closes_at, members.zone(tx, member)),
        is_participant=participant is not None and participant.is_active,
    )


def share(tx: Transaction, round_id: int, member: str, response: Response) -> CheckIn:
    """Store a member's response, and enqueue its message in the thread.

    Raises UserError if the round is over or the member may not share, and
    MembershipUnknown.
    """
    round_ = _find_round(tx, round_id)
    if round_ is not None:
        round_ = rounds.lock(tx.session, round_.id)
    round_ = _require_open(tx, round_, member)
    checkin = responses.get_or_create(tx.session, round_.id, member)
    is_unchanged = response_of(checkin) == response
    checkin.working_on, checkin.stuck_on = response.working_on, response.stuck_on
    checkin.proud_of, checkin.reflection = response.proud_of, response.reflection
    responses.recompute(tx, round_, member)
    if not is_unchanged:
        post_response(tx, round_, checkin)
        _offer_ask(tx, checkin)
    return checkin


def _find_round(tx: Transaction, round_id: int) -> Round | None:
    """Return a round of the workspace."""
    return tx.session.scalar(
        select(Round)
        .join(Channel, Channel.id == Round.channel_id)
        .where(Round.id == round_id, Channel.installation_id == tx.workspace.id)
    )


def _require_open(tx: Transaction, round_: Round | None, member: str) -> Round:
    if round_ is None:
        raise UserError(participants.GONE)
    channel = tx.session.get_one(Channel, round_.channel_id)
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
    """Enqueue the message with a response, or its update if it may be in Slack."""
    channel = _channel(tx.session, checkin)
    tx.enqueue(
        CHECKIN_RESPONSE,
        checkin.id,
        to=channel.slack_id,
        payload={"thread_ts": round_.ts},
    )
    key = dedup_key(CHECKIN_RESPONSE, checkin.id, channel.slack_id)
    state = find_state(tx.session, tx.workspace.id, key)
    if checkin.ts is not None or state not in {"pending", "cancelled"}:
        update_response(tx, checkin)


def update_response(tx: Transaction, checkin: CheckIn) -> None:
    """Enqueue an update of the message with a response."""
    channel = _channel(tx.session, checkin)
    tx.enqueue_update(CHECKIN_UPDATE_RESPONSE, checkin.id, to=channel.slack_id)


def _offer_ask(tx: Transaction, checkin: CheckIn) -> None:
    """Enqueue the offer to make an ask of the member's blocker, by direct message."""
    if checkin.stuck_on and checkin.ask_id is None:
        tx.enqueue(CHECKIN_OFFER_ASK, checkin.id, to=checkin.member)


def update_ask_offer(tx: Transaction, checkin: CheckIn) -> None:
    """Enqueue an update of the offer, by the state of the ask."""
    tx.enqueue_update(CHECKIN_ASK_CREATED, checkin.id, to=checkin.member)


def view_of(session: Session, round_: Round) -> RoundView:
    """Return the round for its post."""
    schedule = session.get_one(Schedule, round_.schedule_id)
    return RoundView(
        id=round_.id,
        question=round_.question,
        hint=round_.hint,
        reflection=round_.reflection,
        closes_at=round_.closes_at,
        zone=ZoneInfo(schedule.zone),
    )


def blocker_form(
    tx: Transaction, checkin_id: int, member: str, *, reports_typing: bool = False
) -> View:
    """Return the ask form, filled in with the member's blocker.

    Raises UserError, and MembershipUnknown.
    """
    checkin = _get_own(tx, checkin_id, member)
    channel = _channel(tx.session, checkin)
    visibility.require_visible(tx, channel, member)
    if not checkin.stuck_on:
        raise UserError(NO_BLOCKER)
    if has_asked(tx.session, checkin):
        raise UserError(ALREADY_ASKED)
    title, details = ask_rules.from_message(checkin.stuck_on)
    return ask_forms.ask_form(
        channel=channel.slack_id if channel.is_joined else None,
        channel_topics=channel.topics,
        title=title,
        details=details,
        checkin_id=checkin.id,
        is_first=not asks.has_asked(tx, member),
        reports_typing=reports_typing,
    )


def lock_own(tx: Transaction, checkin_id: int, member: str) -> CheckIn:
    """Lock the round of the member's own response, to make an ask of it.

    Raises UserError, and MembershipUnknown.
    """
    checkin = _get_own(tx, checkin_id, member)
    rounds.lock(tx.session, checkin.round_id)
    tx.session.refresh(checkin)
    visibility.require_visible(tx, _channel(tx.session, checkin), member)
    return checkin


def origin_url(tx: Transaction, checkin: CheckIn, ask_channel: Channel) -> str | None:
    """Return the permalink of the response, for its ask to link to.

    None if the members of the ask's channel may not see the response.
    """
    round_ = tx.session.get_one(Round, checkin.round_id)
    channel = _channel(tx.session, checkin)
    ts = checkin.ts or round_.ts
    if ts is None or not visibility.may_quote(channel, ask_channel):
        return None
    return permalink(tx.workspace.team_url, channel.slack_id, ts, round_.ts)


def record_ask(tx: Transaction, checkin: CheckIn, ask: Ask) -> None:
    """Store the ask made of a locked response. Raises UserError for a second."""
    if checkin.ask_id == ask.id:
        return
    if has_asked(tx.session, checkin):
        raise UserError(ALREADY_ASKED, field="title")
    # The message shows the ask after it was posted, when it has a permalink.
    checkin.ask_id, checkin.ask_state = ask.id, None
    tx.session.flush()
    update_ask_offer(tx, checkin)


def update_changed(tx: Transaction) -> int:
    """Update up to BATCH_SIZE messages whose ask has changed; return their number."""
    rows = tx.session.execute(
        changed(tx.workspace.id, tx.now).order_by(CheckIn.id).limit(BATCH_SIZE)
    ).all()
    round_ids = select(CheckIn.round_id).where(CheckIn.id.in_([row.id for row in rows]))
    lock_rows(tx.session, Round, set(tx.session.scalars(round_ids)))
    for checkin_id, state in rows:
        checkin = tx.session.get_one(CheckIn, checkin_id, populate_existing=True)
        checkin.ask_state = state
        _update_messages(tx, checkin)
    return len(rows)


def changed(installation_id: InstallationId, _now: Time) -> Select[int, str]:
    """Select responses whose ask has changed since their messages showed it."""
    is_new = CheckIn.ask_state.is_(None) & Ask.ts.is_not(None)
    return (
        select(CheckIn.id, Ask.state)
        .join(Ask, Ask.id == CheckIn.ask_id)
        .where(
            Ask.installation_id == installation_id,
            # An ask that could not be posted is deleted.
            is_new
            | (Ask.state == "deleted") & CheckIn.ask_state.is_(None)
            | (CheckIn.ask_state != Ask.state),
        )
    )


def visible_blocker(tx: Transaction, checkin: CheckIn) -> Blocker | None:
    """Return the ask of a response, as far as its channel's members may see it."""
    ask = tx.session.get(Ask, checkin.ask_id) if checkin.ask_id else None
    if ask is None:
        return None
    ask_channel = tx.session.get_one(Channel, ask.channel_id)
    if ask.ts is None or not visibility.may_quote(
        ask_channel, _channel(tx.session, checkin)
    ):
        return Blocker(ask.state)
    solution = tx.session.scalar(
        select(Answer.ts)
        .filter_by(ask_id=ask.id, is_solution=True, is_deleted=False)
        .order_by(Answer.ts)
        .limit(1)
    )

    def url(ts: str | None) -> str:
        if ts is None:
            return ""
        return permalink(tx.workspace.team_url, ask_channel.slack_id, ts, ask.ts)

    title = members.text_with_names(tx, ask.title)
    return Blocker(ask.state, title, url(ask.ts), url(solution))


def _get_own(tx: Transaction, checkin_id: int, member: str) -> CheckIn:
    """Return a member's own response. Raises UserError for others."""
    checkin = tx.session.scalar(
        select(CheckIn)
        .join(Round, Round.id == CheckIn.round_id)
        .join(Channel, Channel.id == Round.channel_id)
        .where(
            CheckIn.id == checkin_id,
            CheckIn.member == member,
            Channel.installation_id == tx.workspace.id,
        )
    )
    if checkin is None:
        raise UserError(NOT_YOURS)
    return checkin


def has_asked(session: Session, checkin: CheckIn) -> bool:
    """Return True if the response has an ask that is not deleted."""
    ask = session.get(Ask, checkin.ask_id) if checkin.ask_id else None
    return ask is not None and ask.deleted_at is None


def _channel(session: Session, checkin: CheckIn) -> Channel:
    round_ = session.get_one(Round, checkin.round_id)
    return session.get_one(Channel, round_.channel_id)


def _update_messages(tx: Transaction, checkin: CheckIn) -> None:
    round_ = tx.session.get_one(Round, checkin.round_id)
    tx.session.flush()
    update_response(tx, checkin)
    if round_.state == "closed":
        rounds.update_digest(tx, round_)
    update_ask_offer(tx, checkin)
