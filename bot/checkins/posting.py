"""What became of a round's post in its channel, told by the outbox."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.answers.service import LATE
from bot.checkins import attendance, replies, stopping
from bot.clock import moment
from bot.lanes import Claim
from bot.runtime import Workspace
from models import Round, Schedule

# Given up in one transaction.
AT_ONCE = 25
# How Slack says what a channel's row would say had its event come.
_MEANS = {
    "is_archived": "archived",
    "channel_not_found": "away",
    "not_in_channel": "away",
}


def hold(session: Session, round_id: int) -> Round:
    """The round as it is now; nobody else changes it or its schedule meanwhile."""
    schedule_id = session.get_one(Round, round_id).schedule_id
    session.get_one(
        Schedule,
        schedule_id,
        with_for_update={"key_share": True},
        populate_existing=True,
    )
    return session.get_one(
        Round, round_id, with_for_update={"key_share": True}, populate_existing=True
    )


def held(session: Session, claim: Claim) -> None:
    hold(session, claim.subject_id)


def posted(
    session: Session, claim: Claim, sent: tuple[str, str], now: datetime
) -> None:
    """Slack has told the post's `ts`: whoever has joined is expected to share."""
    one = session.get_one(Round, claim.subject_id)
    one.ts = sent[1]
    session.flush()
    attendance.expect_all(session, one, now=now)
    if now - moment(one.ts) > LATE:
        # Somebody may have replied before we knew the message as a round's.
        replies.read_thread(session, one, now=now)


def not_posted(session: Session, claim: Claim, error: str, now: datetime) -> None:
    """Slack will not have it, nor the next one: the check-in is paused."""
    one = session.get_one(Round, claim.subject_id)
    one.state, one.reason = "failed", error
    schedule = session.get_one(Schedule, one.schedule_id)
    stopping.pause(session, schedule, _MEANS.get(error, error), now=now)


def perhaps_posted(session: Session, claim: Claim, _error: str, now: datetime) -> None:
    """Nobody can tell whether it is there, so it is not sent again: somebody looks."""
    one = session.get_one(Round, claim.subject_id)
    one.state, one.reason = "failed", "unknown"
    schedule = session.get_one(Schedule, one.schedule_id)
    stopping.tell_skipped(session, schedule, [one.local_date], "unknown", now=now)


def is_anything_late(session: Session, workspace: Workspace, *, now: datetime) -> bool:
    """Whether it is worth the writers' queue to give something up."""
    return session.scalar(_late(workspace, now).limit(1)) is not None


def give_up_late(session: Session, workspace: Workspace, *, now: datetime) -> None:
    """Skip what could not be posted in time, unless Slack perhaps took it."""
    for round_id in session.scalars(_late(workspace, now).limit(AT_ONCE)).all():
        one = hold(session, round_id)
        is_waiting = one.state == "open" and one.ts is None
        if not (is_waiting and stopping.is_unsent(session, one)):
            continue
        one.state, one.reason = "skipped", "unsent"
        schedule = session.get_one(Schedule, one.schedule_id)
        stopping.tell_skipped(session, schedule, [one.local_date], "unsent", now=now)


def _late(workspace: Workspace, now: datetime) -> Select[int]:
    return (
        select(Round.id)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(
            Schedule.installation_id == workspace.id,
            Round.state == "open",
            Round.ts.is_(None),
            Round.post_before <= now,
        )
        .order_by(Round.id)
    )
