"""What people share in a round's form: shown in its thread, changed until it closes.

Sharing in the form counts, whoever does it; it signs nobody up.
"""

from datetime import datetime

from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox, rich, visibility
from bot.checkins import admission, answers, attendance, seats
from bot.checkins.answers import Asked
from bot.checkins.rules import Shared
from bot.errors import Refusal
from bot.lanes import Claim
from bot.members import service as members
from bot.runtime import Workspace
from models import Channel, CheckIn, OutboxItem, Round

CLOSED = (
    "This round has closed. Copy your words into its thread: a late reply counts, too."
)
GIVEN_UP = "This round was cancelled. The next one comes as planned."
NOT_YET = "This round is just being posted; try again in a moment."


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
    one = _open(session, workspace, session.get(Round, round_id), member, now=now)
    channel = session.get_one(Channel, one.channel_id)
    found = attendance.of(session, one.id, member)
    seat = attendance.seat(session, one.schedule_id, member)
    return answers.share_form(
        one.id,
        asked(one),
        said(found) if found else Shared(),
        channel=channel.name,
        until=rich.when(one.closes_at, members.zone(session, workspace.id, member)),
        is_in=seat is not None and seat.is_in,
    )


def share(
    session: Session,
    workspace: Workspace,
    round_id: int,
    member: str,
    shared: Shared,
    *,
    now: datetime,
) -> CheckIn:
    """Record what somebody shares, once or anew, and show it in the thread.

    Raises Refusal where the round is over, or is not for the person.
    """
    held = attendance.hold(session, round_id)
    one = _open(session, workspace, held, member, now=now)
    found = attendance.row(session, one.id, member)
    is_known = said(found) == shared
    found.working_on, found.stuck_on = shared.working_on, shared.stuck_on
    found.proud_of, found.reflection = shared.proud_of, shared.reflection
    attendance.settle(session, one, member, now=now)
    if not is_known:
        show(session, workspace, one, found, now=now)
        _offer_to_ask(session, workspace, found, now=now)
    return found


def _open(
    session: Session,
    workspace: Workspace,
    one: Round | None,
    member: str,
    *,
    now: datetime,
) -> Round:
    if one is None:
        raise Refusal(seats.GONE)
    channel = session.get_one(Channel, one.channel_id)
    if channel.installation_id != workspace.id:
        raise Refusal(seats.GONE)
    admission.may_take_part(session, channel, member)
    visibility.check_inside(session, channel, member, now=now, why_not=seats.GONE)
    if one.state in {"failed", "skipped"}:
        raise Refusal(GIVEN_UP)
    if one.state != "open" or now >= one.closes_at:
        raise Refusal(CLOSED)
    if one.ts is None:
        raise Refusal(NOT_YET)
    return one


def asked(one: Round) -> Asked:
    return Asked(one.question, one.hint, one.reflection)


def said(found: CheckIn) -> Shared:
    return Shared(found.working_on, found.stuck_on, found.proud_of, found.reflection)


def show(
    session: Session,
    workspace: Workspace,
    one: Round,
    found: CheckIn,
    *,
    now: datetime,
) -> None:
    """The thread is to show what somebody has shared; at first, and what it is now."""
    channel = session.get_one(Channel, one.channel_id)
    outbox.promise(
        session,
        "checkin.answer",
        found.id,
        channel.slack_id,
        installation_id=workspace.id,
        now=now,
        detail={"thread_ts": one.ts},
    )
    if found.ts is not None or _is_on_its_way(session, workspace, found, channel):
        show_again(session, found, channel, now=now)


def _is_on_its_way(
    session: Session, workspace: Workspace, found: CheckIn, channel: Channel
) -> bool:
    state = session.scalar(
        select(OutboxItem.state).filter_by(
            installation_id=workspace.id,
            key=f"checkin.answer:{found.id}:{channel.slack_id}",
        )
    )
    return state not in {"pending", "withdrawn"}


def show_again(
    session: Session, found: CheckIn, channel: Channel, *, now: datetime
) -> None:
    """The message that shows somebody's answers is to show what is true now."""
    outbox.refresh(
        session,
        "checkin.reword",
        found.id,
        channel.slack_id,
        installation_id=channel.installation_id,
        now=now,
    )


def _offer_to_ask(
    session: Session, workspace: Workspace, found: CheckIn, *, now: datetime
) -> None:
    """A private button: what somebody is stuck on can become an ask."""
    if found.stuck_on and found.ask_id is None:
        outbox.promise(
            session,
            "checkin.stuck",
            found.id,
            found.member,
            installation_id=workspace.id,
            now=now,
        )


def show_offer_again(
    session: Session, found: CheckIn, installation_id: int, *, now: datetime
) -> None:
    """The private button, where it was sent, gives way to what came of it."""
    outbox.refresh(
        session,
        "checkin.asked",
        found.id,
        found.member,
        installation_id=installation_id,
        now=now,
    )


# What becomes of the messages


def hold(session: Session, claim: Claim) -> None:
    """Lock the round of a member's row, as everybody does."""
    found = session.get(CheckIn, claim.subject_id)
    if found is not None:
        attendance.hold(session, found.round_id)


def posted(
    session: Session, claim: Claim, sent: tuple[str, str], now: datetime
) -> None:
    """Slack has told the `ts` of somebody's answers."""
    found = session.get(CheckIn, claim.subject_id, populate_existing=True)
    if found is None:
        return
    found.ts = sent[1]
    session.flush()
    one = session.get_one(Round, found.round_id)
    if one.state == "closed":
        attendance.show_again(session, one, now=now)
    channel = session.get_one(Channel, one.channel_id)
    changed_meanwhile = session.scalar(
        select(OutboxItem.id).filter_by(
            installation_id=channel.installation_id,
            key=f"checkin.reword:{found.id}:{channel.slack_id}",
        )
    )
    if changed_meanwhile:
        show_again(session, found, channel, now=now)


def not_posted(session: Session, claim: Claim, error: str, now: datetime) -> None:
    """Slack will not have it there: it counts all the same, and its author knows."""
    found = session.get(CheckIn, claim.subject_id)
    if found is not None:
        outbox.promise(
            session,
            "checkin.not_posted",
            found.id,
            found.member,
            installation_id=claim.installation_id,
            now=now,
            detail={"error": error},
        )


def perhaps_posted(session: Session, claim: Claim, _error: str, now: datetime) -> None:
    not_posted(session, claim, "unknown", now)


def gone(session: Session, claim: Claim, error: str, now: datetime) -> None:
    """Somebody deleted the message in Slack: nothing leads there any more."""
    found = session.get(CheckIn, claim.subject_id, populate_existing=True)
    if found is None or error != "message_not_found":
        return
    found.ts = None
    session.flush()
    one = session.get_one(Round, found.round_id)
    if one.state == "closed":
        attendance.show_again(session, one, now=now)


def offered(session: Session, claim: Claim, _sent: object, now: datetime) -> None:
    """The private button is there; who has asked in between needs it no more."""
    found = session.get(CheckIn, claim.subject_id, populate_existing=True)
    if found is not None and found.ask_id is not None:
        show_offer_again(session, found, claim.installation_id, now=now)
