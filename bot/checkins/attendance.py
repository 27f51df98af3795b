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
from models import Channel, CheckIn, CheckInReply, Round, Schedule, Seat

# Whoever joins at once is not asked whether to; nor who takes their reply back.
ASK_AFTER = timedelta(minutes=1)

_HOLD = (
    select(Round.id)
    .where(Round.id.in_(bindparam("round_ids", expanding=True)))
    .order_by(Round.id)
    .with_for_update(key_share=True)
)


def hold(session: Session, round_id: int) -> Round | None:
    """The round as it is now; nobody else changes who shared in it meanwhile."""
    return session.scalar(
        select(Round)
        .filter_by(id=round_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def hold_all(session: Session, round_ids: Collection[int]) -> None:
    """`hold` several, in the order in which everybody does."""
    if round_ids:
        session.execute(_HOLD, {"round_ids": list(round_ids)})


def hold_open(session: Session, schedule_id: int) -> list[Round]:
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


def seat(session: Session, schedule_id: int, member: str) -> Seat | None:
    return session.get(Seat, (schedule_id, member), populate_existing=True)


def _may_take_part(
    session: Session, held: Round, member: str, before: State | None
) -> bool:
    """Return whether a member's part counts; what counted before still does."""
    channel = session.get_one(Channel, held.channel_id)
    return before == "shared" or admission.is_admitted(session, channel, member)


def of(session: Session, round_id: int, member: str) -> CheckIn | None:
    return session.scalar(
        select(CheckIn)
        .filter_by(round_id=round_id, member=member)
        .execution_options(populate_existing=True)
    )


def row(session: Session, round_id: int, member: str) -> CheckIn:
    """The member's row in a round that is held, made if it is new."""
    session.execute(
        upsert(session, CheckIn)
        .values(round_id=round_id, member=member)
        .on_conflict_do_nothing()
    )
    found = of(session, round_id, member)
    assert found is not None  # noqa: S101 - it was made the line before
    return found


def first_reply(session: Session, round_id: int, member: str) -> str | None:
    """The `ts` of the first of their replies that are still there."""
    return session.scalar(
        select(CheckInReply.ts)
        .filter_by(round_id=round_id, author=member, is_deleted=False)
        .order_by(CheckInReply.ts)
        .limit(1)
    )


def settle(
    session: Session, held: Round, member: str, *, now: datetime
) -> CheckIn | None:
    """Derive what became of a round that we `hold` for a member, and record it.

    None where it does not concern them.
    """
    session.flush()
    found = of(session, held.id, member)
    reply_ts = first_reply(session, held.id, member)
    who = seat(session, held.schedule_id, member)
    before = cast("State | None", found.state if found else None)
    membership, has_replied = rules.NOBODY, False
    if (who or reply_ts) and _may_take_part(session, held, member, before):
        has_replied = reply_ts is not None
        if who:
            membership = Membership(who.is_in, who.joined_at, who.left_at)
    state = rules.state(
        membership,
        is_written=found is not None and found.is_written,
        has_replied=has_replied,
        is_open=held.state == "open",
        closes_at=held.closes_at,
        is_away=found is not None and found.was_away,
    )
    if state is None:
        if found is not None:
            session.delete(found)
    else:
        found = found or row(session, held.id, member)
        found.state, found.reply_ts = state, reply_ts
        _follow(session, held, found, who, before, now=now)
    session.flush()
    if state != before:
        schedule = session.get_one(Schedule, held.schedule_id)
        homes.refresh(session, schedule.installation_id, [member], now=now)
    if held.state == "closed":
        show_again(session, held, now=now)
    return found if state else None


def _follow(
    session: Session,
    held: Round,
    found: CheckIn,
    who: Seat | None,
    before: State | None,
    *,
    now: datetime,
) -> None:
    """What comes of somebody's new state for them alone."""
    if found.state == "waiting":
        if before != "waiting":
            found.nudge_at = first_nudge(session, held, now=now)
        return
    found.nudge_at = None
    if found.state == "shared" and before != "shared" and who is not None:
        # Whoever shares again goes on.
        who.nudges_stopped_at = None
    is_newcomer = who is None or not (who.is_in or who.is_asked)
    if found.state == "shared" and is_newcomer:
        ask_to_join(session, held, found.member, now=now)


def ask_to_join(session: Session, held: Round, member: str, *, now: datetime) -> None:
    """Ask somebody who took part without having joined whether to join, once ever."""
    schedule = session.get_one(Schedule, held.schedule_id)
    outbox.promise(
        session,
        "checkin.invite",
        schedule.id,
        member,
        installation_id=schedule.installation_id,
        now=now,
        due=now + ASK_AFTER,
        detail={"round": held.id},
    )


def first_nudge(session: Session, held: Round, *, now: datetime) -> datetime | None:
    """When to look whether somebody who waits from now on is to be nudged."""
    hours = session.get_one(Schedule, held.schedule_id).nudge_after
    if hours is None:
        return None
    at = now + timedelta(hours=hours)
    return at if at < held.closes_at else None


def expect_all(session: Session, held: Round, *, now: datetime) -> None:
    """The round has been posted: who joined, and still may, is expected to share.

    Who has replied already has. To be called while the round is held.
    """
    seated = session.scalars(
        select(Seat.member)
        .filter_by(schedule_id=held.schedule_id, is_in=True)
        .order_by(Seat.member)
    ).all()
    channel = session.get_one(Channel, held.channel_id)
    joined = [one for one in seated if admission.is_admitted(session, channel, one)]
    heard = set(session.scalars(select(CheckIn.member).filter_by(round_id=held.id)))
    nudge_at = first_nudge(session, held, now=now)
    waiting = [
        {"round_id": held.id, "member": member, "nudge_at": nudge_at}
        for member in joined
        if member not in heard
    ]
    if waiting:
        session.execute(upsert(session, CheckIn).on_conflict_do_nothing(), waiting)
        schedule = session.get_one(Schedule, held.schedule_id)
        homes.refresh(session, schedule.installation_id, joined, now=now)
    for member in joined:
        if member in heard:
            settle(session, held, member, now=now)


def show_again(session: Session, shown: Round, *, now: datetime) -> None:
    """A closed round's message is to show what is true now."""
    channel = session.get_one(Channel, shown.channel_id)
    outbox.refresh(
        session,
        "checkin.show",
        shown.id,
        channel.slack_id,
        installation_id=channel.installation_id,
        now=now,
    )
