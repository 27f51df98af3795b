"""One reminder to whoever has joined and has not shared; none for whoever is silent."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.checkins import admission, attendance, rules, seats
from bot.checkins.rules import State
from bot.checkins.stopping import unfit
from bot.hours import reachable
from bot.lanes import Claim
from bot.members import service as members
from bot.preferences import service as preferences
from bot.runtime import Workspace
from bot.text import is_forgotten
from models import Channel, CheckIn, Member, OutboxItem, Round, Schedule, Seat

# In one transaction.
AT_ONCE = 50
# Who is away in between may be silent for longer, but not for ever.
LOOKED_BACK = timedelta(days=366)


def away(
    session: Session, installation_id: int, people: Collection[str], *, now: datetime
) -> set[str]:
    """Of these, who is on a vacation, or paused: they are not silent."""
    maybe = set(
        session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == installation_id,
                Member.slack_id.in_(people),
                Member.is_away.is_(True),
            )
        )
    )
    chosen = preferences.of_all(session, installation_id, people)
    maybe |= {member for member in people if chosen[member].paused_until is not None}
    return {
        member
        for member in maybe
        for found in [reachable(session, installation_id, member, now=now)]
        if found.is_away or found.back_at is not None
    }


def is_anything_due(session: Session, workspace: Workspace, *, now: datetime) -> bool:
    """Whether it is worth the writers' queue to `nudge`."""
    return session.scalar(_due(workspace, now).limit(1)) is not None


def _due(workspace: Workspace, now: datetime) -> Select[int, int]:
    return (
        select(CheckIn.id, CheckIn.round_id)
        .join(Round, Round.id == CheckIn.round_id)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(Schedule.installation_id == workspace.id, CheckIn.nudge_at <= now)
        .order_by(CheckIn.nudge_at, CheckIn.id)
    )


def nudge(session: Session, workspace: Workspace, *, now: datetime) -> int:
    """Promise the nudges whose time has come, or look at them again later; how many."""
    due = session.execute(_due(workspace, now).limit(AT_ONCE)).all()
    attendance.hold_all(session, {row.round_id for row in due})
    for row in due:
        found = session.get(CheckIn, row.id, populate_existing=True)
        if found is not None and found.nudge_at is not None and found.nudge_at <= now:
            _nudge(session, workspace, found, now=now)
    return len(due)


def _nudge(
    session: Session, workspace: Workspace, found: CheckIn, *, now: datetime
) -> None:
    one = session.get_one(Round, found.round_id)
    found.nudge_at = None
    if not is_wanted(session, workspace, one, found.member):
        return
    person = reachable(session, workspace.id, found.member, now=now)
    found.was_away = found.was_away or person.is_away or person.back_at is not None
    at = person.welcome_at(now)
    if at > now:
        found.nudge_at = at if at < one.closes_at else None
        return
    outbox.promise(
        session,
        "checkin.nudge",
        one.id,
        found.member,
        installation_id=workspace.id,
        now=now,
    )


def is_wanted(session: Session, workspace: Workspace, one: Round, member: str) -> bool:
    """Whether somebody is still to be nudged in a round, whatever the hour."""
    if is_forgotten(member) or one.state != "open" or one.ts is None:
        return False
    schedule = session.get_one(Schedule, one.schedule_id)
    channel = session.get_one(Channel, one.channel_id)
    if schedule.state != "on" or unfit(schedule, channel) is not None:
        return False
    if not admission.is_admitted(session, channel, member):
        return False
    found = attendance.of(session, one.id, member)
    seat = attendance.seat(session, one.schedule_id, member)
    known = members.find(session, workspace.id, member)
    return (
        found is not None
        and found.state == "waiting"
        and seat is not None
        and seat.is_in
        and seat.nudges_stopped_at is None
        and not (known is not None and known.is_deactivated)
        and preferences.of(session, workspace.id, member).wants_nudges
    )


def hold(session: Session, claim: Claim) -> None:
    """Lock the rounds that somebody's leaving changes, as everybody does."""
    schedule = session.get_one(Schedule, _about(session, claim))
    if session.get_one(Channel, schedule.channel_id).is_private:
        attendance.hold_open(session, schedule.id)


def sent(
    session: Session,
    claim: Claim,
    posted: tuple[str, str] | None,
    now: datetime,
    *,
    workspace: Workspace,
) -> None:
    """Who turned out to be in the channel no more is in its check-in no more."""
    if posted is not None:
        return
    schedule_id = _about(session, claim)
    seat = attendance.seat(session, schedule_id, claim.recipient)
    is_there = session.get_one(Schedule, schedule_id).state != "deleted"
    # Who came back meanwhile and joined again stays.
    if is_there and seat is not None and seat.counted_from <= claim.claimed_at:
        seats.leave(session, workspace, schedule_id, claim.recipient, now=now)


def _about(session: Session, claim: Claim) -> int:
    """The check-in that a nudge, or the news that there are no more, is about."""
    if claim.kind == "checkin.stopped":
        return claim.subject_id
    return session.get_one(Round, claim.subject_id).schedule_id


def stop_in_vain(
    session: Session, workspace: Workspace, one: Round, *, now: datetime
) -> None:
    """A round has closed: whom the nudges have not moved for long gets none any more.

    Whoever got none for it, or gets none anyway, is told nothing of it.
    """
    schedule = session.get_one(Schedule, one.schedule_id)
    channel = session.get_one(Channel, one.channel_id)
    has_ended = schedule.state != "on" or unfit(schedule, channel) is not None
    if has_ended or schedule.nudge_after is None:
        return
    found = session.scalars(
        select(Seat)
        .where(
            Seat.schedule_id == schedule.id,
            Seat.is_in.is_(True),
            Seat.nudges_stopped_at.is_(None),
            Seat.member.in_(
                select(CheckIn.member).filter_by(round_id=one.id, state="silent")
            ),
        )
        .order_by(Seat.member)
        .execution_options(populate_existing=True)
    ).all()
    people = [seat.member for seat in found]
    nudged = _nudged(session, workspace, one, people)
    latest = _latest(session, one, found)
    chosen = preferences.of_all(session, workspace.id, people)
    gone = _deactivated(session, workspace, people)
    for seat in found:
        if seat.member not in nudged or not rules.is_silent(latest[seat.member]):
            continue
        if seat.member in gone or not chosen[seat.member].wants_nudges:
            continue
        seat.nudges_stopped_at = now
        outbox.promise(
            session,
            "checkin.stopped",
            schedule.id,
            seat.member,
            installation_id=workspace.id,
            now=now,
            occasion=str(one.id),
        )


def _nudged(
    session: Session, workspace: Workspace, one: Round, people: Collection[str]
) -> set[str]:
    """Of these, who got a nudge in the round, or perhaps got it."""
    keys = [f"checkin.nudge:{one.id}:{member}" for member in people]
    return set(
        session.scalars(
            select(OutboxItem.recipient).where(
                OutboxItem.installation_id == workspace.id,
                OutboxItem.key.in_(keys),
                OutboxItem.state.in_(("sent", "sending", "unverified", "unknown")),
            )
        )
    )


def _latest(
    session: Session, one: Round, seated: Collection[Seat]
) -> Mapping[str, Sequence[State]]:
    """What became of the rounds until this one for each, the latest first.

    Of those before somebody joined, or said that nudges are to go on, nothing is said.
    """
    since = {seat.member: seat.counted_from for seat in seated}
    rows = session.execute(
        select(CheckIn.member, CheckIn.state, Round.closes_at)
        .join(Round, Round.id == CheckIn.round_id)
        .where(
            Round.schedule_id == one.schedule_id,
            Round.due_at <= one.due_at,
            Round.due_at > one.due_at - LOOKED_BACK,
            CheckIn.member.in_(since),
        )
        .order_by(Round.due_at.desc())
    )
    found: dict[str, list[State]] = {member: [] for member in since}
    for member, state, closes_at in rows:
        if closes_at > since[member]:
            found[member].append(cast("State", state))
    return found


def _deactivated(
    session: Session, workspace: Workspace, people: Collection[str]
) -> set[str]:
    return set(
        session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == workspace.id,
                Member.slack_id.in_(people),
                Member.is_deactivated.is_(True),
            )
        )
    )


def is_told(session: Session, claim: Claim) -> bool:
    """Whether it is still true that somebody is nudged no more."""
    seat = session.get(Seat, (claim.subject_id, claim.recipient))
    return seat is not None and seat.is_in and seat.nudges_stopped_at is not None
