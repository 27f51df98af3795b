"""What became of a round for each member: derived again after each change.

A round's row is held while that is done, after the asks and before the promises, so
that two who change something in it wait for each other.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot import homes, outbox
from bot.checkins import admission, rules
from bot.checkins.rules import Membership, State
from bot.outbox import upsert
from models import Channel, CheckIn, CheckInReply, Participant, Round, Schedule

# Whoever joins at once is not asked whether to; nor who takes their reply back.
INVITE_DELAY = timedelta(minutes=1)

_LOCK = (
    select(Round.id)
    .where(Round.id.in_(bindparam("round_ids", expanding=True)))
    .order_by(Round.id)
    .with_for_update(key_share=True)
)


def lock(session: Session, round_id: int) -> Round | None:
    """The round as it is now; nobody else changes who shared in it meanwhile."""
    return session.scalar(
        select(Round)
        .filter_by(id=round_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def lock_many(session: Session, round_ids: Collection[int]) -> None:
    """`hold` several, in the order in which everybody does."""
    if round_ids:
        session.execute(_LOCK, {"round_ids": list(round_ids)})


def lock_open(session: Session, schedule_id: int) -> list[Round]:
    """The rounds of a check-in that are open, as `hold` gives each."""
    return list(
        session.scalars(
            select(Round)
            .filter_by(schedule_id=schedule_id, state="open")
            .order_by(Round.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )


def get_participant(
    session: Session, schedule_id: int, member: str
) -> Participant | None:
    return session.get(Participant, (schedule_id, member), populate_existing=True)


def _counts(session: Session, round_: Round, member: str, before: State | None) -> bool:
    """Return whether a member's part counts; what counted before still does."""
    channel = session.get_one(Channel, round_.channel_id)
    return before == "shared" or admission.is_allowed(session, channel, member)


def get(session: Session, round_id: int, member: str) -> CheckIn | None:
    return session.scalar(
        select(CheckIn)
        .filter_by(round_id=round_id, member=member)
        .execution_options(populate_existing=True)
    )


def get_or_create(session: Session, round_id: int, member: str) -> CheckIn:
    """The member's row in a round that is held, made if it is new."""
    session.execute(
        upsert(session, CheckIn)
        .values(round_id=round_id, member=member)
        .on_conflict_do_nothing()
    )
    found = get(session, round_id, member)
    assert found is not None  # noqa: S101 - it was made the line before
    return found


def first_reply_ts(session: Session, round_id: int, member: str) -> str | None:
    """The `ts` of the first of their replies that are still there."""
    return session.scalar(
        select(CheckInReply.ts)
        .filter_by(round_id=round_id, author=member, is_deleted=False)
        .order_by(CheckInReply.ts)
        .limit(1)
    )


def recompute(
    session: Session, round_: Round, member: str, *, now: datetime
) -> CheckIn | None:
    """Derive what became of a round that we `hold` for a member, and record it.

    None where it does not concern them.
    """
    session.flush()
    found = get(session, round_.id, member)
    reply_ts = first_reply_ts(session, round_.id, member)
    who = get_participant(session, round_.schedule_id, member)
    before = cast("State | None", found.state if found else None)
    membership, has_replied = rules.NOT_A_PARTICIPANT, False
    if (who or reply_ts) and _counts(session, round_, member, before):
        has_replied = reply_ts is not None
        if who:
            membership = Membership(who.is_in, who.joined_at, who.left_at)
    state = rules.derive_state(
        membership,
        has_text=found is not None and found.has_text,
        has_replied=has_replied,
        is_open=round_.state == "open",
        closes_at=round_.closes_at,
        is_away=found is not None and found.was_away,
    )
    if state is None:
        if found is not None:
            session.delete(found)
    else:
        found = found or get_or_create(session, round_.id, member)
        found.state, found.reply_ts = state, reply_ts
        _apply_state(session, round_, found, who, before, now=now)
    session.flush()
    if state != before:
        schedule = session.get_one(Schedule, round_.schedule_id)
        homes.refresh_homes(session, schedule.installation_id, [member], now=now)
    if round_.state == "closed":
        update_digest(session, round_, now=now)
    return found if state else None


def _apply_state(
    session: Session,
    round_: Round,
    checkin: CheckIn,
    participant: Participant | None,
    before: State | None,
    *,
    now: datetime,
) -> None:
    """What comes of somebody's new state for them alone."""
    if checkin.state == "waiting":
        if before != "waiting":
            checkin.nudge_at = first_reminder_at(session, round_, now=now)
        return
    checkin.nudge_at = None
    if checkin.state == "shared" and before != "shared" and participant is not None:
        # Whoever shares again goes on.
        participant.nudges_stopped_at = None
    is_newcomer = participant is None or not (participant.is_in or participant.is_asked)
    if checkin.state == "shared" and is_newcomer:
        invite_to_join(session, round_, checkin.member, now=now)


def invite_to_join(
    session: Session, round_: Round, member: str, *, now: datetime
) -> None:
    """Ask somebody who took part without having joined whether to join, once ever."""
    schedule = session.get_one(Schedule, round_.schedule_id)
    outbox.enqueue(
        session,
        "checkin.invite",
        schedule.id,
        member,
        installation_id=schedule.installation_id,
        now=now,
        due=now + INVITE_DELAY,
        payload={"round": round_.id},
    )


def first_reminder_at(
    session: Session, round_: Round, *, now: datetime
) -> datetime | None:
    """When to look whether somebody who waits from now on is to be nudged."""
    hours = session.get_one(Schedule, round_.schedule_id).nudge_after
    if hours is None:
        return None
    at = now + timedelta(hours=hours)
    return at if at < round_.closes_at else None


def expect_participants(session: Session, round_: Round, *, now: datetime) -> None:
    """The round has been posted: who joined, and still may, is expected to share.

    Who has replied already has. To be called while the round is held.
    """
    seated = session.scalars(
        select(Participant.member)
        .filter_by(schedule_id=round_.schedule_id, is_in=True)
        .order_by(Participant.member)
    ).all()
    channel = session.get_one(Channel, round_.channel_id)
    joined = [one for one in seated if admission.is_allowed(session, channel, one)]
    heard = set(session.scalars(select(CheckIn.member).filter_by(round_id=round_.id)))
    nudge_at = first_reminder_at(session, round_, now=now)
    waiting = [
        {"round_id": round_.id, "member": member, "nudge_at": nudge_at}
        for member in joined
        if member not in heard
    ]
    if waiting:
        session.execute(upsert(session, CheckIn).on_conflict_do_nothing(), waiting)
        schedule = session.get_one(Schedule, round_.schedule_id)
        homes.refresh_homes(session, schedule.installation_id, joined, now=now)
    for member in joined:
        if member in heard:
            recompute(session, round_, member, now=now)


def update_digest(session: Session, round_: Round, *, now: datetime) -> None:
    """A closed round's message is to show what is true now."""
    channel = session.get_one(Channel, round_.channel_id)
    outbox.enqueue_update(
        session,
        "checkin.show",
        round_.id,
        channel.slack_id,
        installation_id=channel.installation_id,
        now=now,
    )
