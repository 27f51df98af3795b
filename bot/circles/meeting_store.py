"""Meetings of circles, as they are stored: who is in them, and their state."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Exists, SQLColumnExpression, exists, func, select

from bot.circles import keeper, presses, rota
from bot.circles.formats import Format
from bot.circles.keeper import Meeting, State
from bot.circles.lead_questions import of_meeting
from bot.circles.meeting_times import Recurrence
from bot.circles.permissions import MEET
from bot.circles.presses import Press
from bot.errors import UserError
from bot.permissions import require
from bot.runtime import Transaction
from bot.workspace import roles
from models import Circle, CircleMeeting, CircleMember, CircleSeason, MeetingTurn

NOT_YOURS = "Only the people in this circle can do that."
UNKNOWN = "That meeting is gone."


def lock(tx: Transaction, meeting_id: int) -> tuple[Circle, CircleMeeting]:
    """Lock a meeting's circle, and return both as they are then.

    All changes of a circle's meetings lock the circle, so they come one after another.
    Raises UserError for a meeting that there is not.
    """
    meeting = tx.session.scalar(
        select(CircleMeeting).filter_by(id=meeting_id, installation_id=tx.workspace.id)
    )
    if meeting is None:
        raise UserError(UNKNOWN)
    circle = lock_circle(tx, meeting.circle_id)
    tx.session.refresh(meeting)
    return circle, meeting


def lock_season(tx: Transaction, meeting_id: int) -> None:
    """Lock the season of a meeting's circle, before `lock`."""
    tx.session.execute(
        select(CircleSeason.id)
        .join(Circle, Circle.season_id == CircleSeason.id)
        .join(CircleMeeting, CircleMeeting.circle_id == Circle.id)
        .where(
            CircleMeeting.id == meeting_id,
            CircleMeeting.installation_id == tx.workspace.id,
        )
        .with_for_update(of=CircleSeason)
    )


def lock_circle(tx: Transaction, circle_id: int) -> Circle:
    return tx.session.get_one(
        Circle, circle_id, with_for_update={"key_share": True}, populate_existing=True
    )


def get(tx: Transaction, meeting_id: int, *, by: str) -> CircleMeeting:
    """Return a meeting of a circle that the member is in. Raises UserError."""
    meeting = tx.session.scalar(
        select(CircleMeeting).filter_by(id=meeting_id, installation_id=tx.workspace.id)
    )
    if meeting is None:
        raise UserError(UNKNOWN)
    require_member(tx, meeting.circle_id, by)
    return meeting


def require_member(tx: Transaction, circle_id: int, by: str) -> None:
    """Raise UserError if the person is not in the circle, or may not meet."""
    require(MEET, roles.in_workspace(tx, by))
    if by not in members_of(tx, circle_id):
        raise UserError(NOT_YOURS)


def members_of(tx: Transaction, circle_id: int) -> Mapping[str, int]:
    """Return the people in a circle, with their positions, in that order."""
    rows = tx.session.execute(
        select(CircleMember.member, CircleMember.position)
        .where(
            CircleMember.circle_id == circle_id,
            CircleMember.taken_at.is_not(None),
            CircleMember.left_at.is_(None),
        )
        .order_by(CircleMember.position, CircleMember.member)
    )
    return {row.member: row.position for row in rows}


def recurrence_of(tx: Transaction, circle: Circle) -> Recurrence:
    if circle.season_id is None:
        return Recurrence()
    season = tx.session.get_one(CircleSeason, circle.season_id)
    return Recurrence(
        season.meetings,
        season.weeks_between,
        season.minutes,
        Format(season.format),
        season.holidays_of,
    )


def is_started(tx: Transaction, circle: Circle) -> bool:
    """Return True if a member started the circle, so that no lead runs its season."""
    if circle.season_id is None:
        return False
    return tx.session.get_one(CircleSeason, circle.season_id).places is not None


def movable(tx: Transaction, circle: Circle) -> int | None:
    """Return the id of the meeting that the circle can move: the next one on a call.

    From its agenda on, it can't be moved.
    """
    if circle.is_in_writing or circle.frozen_at is not None or is_over(tx, circle):
        return None
    return tx.session.scalar(
        select(CircleMeeting.id).filter_by(
            circle_id=circle.id, ended_at=None, posted_at=None
        )
    )


def moved_times(tx: Transaction, circle_id: int) -> Mapping[datetime, datetime]:
    """Return the times (UTC) of a circle's moved meetings by those of the rota.

    If the circle chooses another time for all meetings, none of these is left.
    """
    rows = tx.session.execute(
        select(CircleMeeting.moved_from, CircleMeeting.moved_to).where(
            CircleMeeting.circle_id == circle_id, CircleMeeting.moved_to.is_not(None)
        )
    )
    return {row.moved_from: row.moved_to for row in rows}


def first_day(tx: Transaction, circle: Circle) -> date:
    """Return the first day on which the circle may meet."""
    if circle.season_id is None:
        return circle.formed_at.date()
    return tx.session.get_one(CircleSeason, circle.season_id).starts_on


def lead_questions(tx: Transaction, meeting: CircleMeeting) -> Sequence[str]:
    """Return the questions (mrkdwn) of the season's lead for a meeting."""
    circle = tx.session.get_one(Circle, meeting.circle_id)
    if circle.season_id is None:
        return ()
    season = tx.session.get_one(CircleSeason, circle.season_id)
    return of_meeting(season.questions, meeting.number)


def is_over(tx: Transaction, circle: Circle) -> bool:
    """Return True if the circle or its season has ended: it meets no more."""
    if circle.ended_at is not None:
        return True
    if circle.season_id is None:
        return False
    return tx.session.get_one(CircleSeason, circle.season_id).ended_at is not None


def meets(tx: Transaction, circle_id: int) -> bool:
    """Return True if the circle goes on, and has no break."""
    circle = tx.session.get_one(Circle, circle_id)
    return circle.frozen_at is None and not is_over(tx, circle)


def has_begun(
    tx: Transaction, circle: Circle, *, before: datetime | None = None
) -> bool:
    """Return True from the time of the circle's first meeting on.

    With `before`, the time by which it was.
    """
    by = before or tx.now
    if circle.starts_at is not None and circle.starts_at <= by:
        return True
    # A week in writing, or a first time that moved since.
    first = select(CircleMeeting.id).where(
        CircleMeeting.circle_id == circle.id, CircleMeeting.planned_at <= by
    )
    return tx.session.scalar(first.limit(1)) is not None


def ahead(tx: Transaction, circle_id: int) -> CircleMeeting | None:
    """Return the circle's planned meeting, which is not over; it may be on."""
    return tx.session.scalar(
        select(CircleMeeting)
        .filter_by(circle_id=circle_id, ended_at=None)
        .order_by(CircleMeeting.number)
        .limit(1)
        .execution_options(populate_existing=True)
    )


def times_of_posted(tx: Transaction, circle_id: int) -> Mapping[int, datetime]:
    """Return the times (UTC) of meetings that were or are on, by their numbers."""
    rows = tx.session.execute(
        select(CircleMeeting.number, CircleMeeting.planned_at).where(
            CircleMeeting.circle_id == circle_id,
            CircleMeeting.posted_at.is_not(None) | CircleMeeting.ended_at.is_not(None),
        )
    )
    return {row.number: row.planned_at for row in rows}


def is_meeting(tx: Transaction, circle_id: int) -> bool:
    """Return True from the agenda of a meeting to its end."""
    meeting = ahead(tx, circle_id)
    return meeting is not None and meeting.posted_at is not None


def meets_now(*circle_ids: SQLColumnExpression[int]) -> Exists:
    """Return the condition that one of these circles meets at the moment."""
    return exists().where(
        CircleMeeting.circle_id.in_(circle_ids),
        CircleMeeting.posted_at.is_not(None),
        CircleMeeting.ended_at.is_(None),
    )


def rota_of(tx: Transaction, circle_id: int) -> tuple[str, ...]:
    """Return the circle's members in the order of their turns to facilitate."""
    rows = tx.session.execute(
        select(CircleMeeting.facilitator, func.max(CircleMeeting.started_at))
        .where(
            CircleMeeting.circle_id == circle_id,
            CircleMeeting.facilitator.is_not(None),
        )
        .group_by(CircleMeeting.facilitator)
    )
    facilitated = {member: at for member, at in rows if member and at}
    return rota.order(members_of(tx, circle_id), facilitated)


def state_of(tx: Transaction, meeting: CircleMeeting) -> State:
    """Return the meeting's state now."""
    return keeper.state_at(facts_of(tx, meeting), presses_of(meeting), tx.now)


def next_format(tx: Transaction, circle: Circle) -> Format | None:
    """Return the format of a circle's next meeting on a call, if it is planned."""
    meeting = ahead(tx, circle.id)
    if meeting is None or circle.is_in_writing:
        return None
    return state_of(tx, meeting).format


def presses_of(meeting: CircleMeeting) -> Collection[Press]:
    return [presses.load(stored) for stored in meeting.presses]


def facts_of(tx: Transaction, meeting: CircleMeeting) -> Meeting:
    return Meeting(
        meeting.planned_at,
        meeting.minutes,
        Format(meeting.format),
        rota_now(tx, meeting),
        is_first=meeting.number == 1,
        last_turns=_last_turns(tx, meeting),
    )


def rota_now(tx: Transaction, meeting: CircleMeeting) -> tuple[str, ...]:
    """Return the meeting's rota; from its agenda on, it stays as it was then.

    Otherwise the start of a facilitator who leaves would no longer count.
    """
    if meeting.posted_at is not None:
        return tuple(meeting.rota)
    return rota.present(meeting.rota, members_of(tx, meeting.circle_id))


def _last_turns(tx: Transaction, meeting: CircleMeeting) -> Mapping[str, datetime]:
    """Return when members last had a turn in the circle's earlier meetings."""
    rows = tx.session.execute(
        select(MeetingTurn.member, func.max(MeetingTurn.had_at).label("had_at"))
        .join(CircleMeeting, CircleMeeting.id == MeetingTurn.meeting_id)
        .where(
            CircleMeeting.circle_id == meeting.circle_id,
            CircleMeeting.number < meeting.number,
        )
        .group_by(MeetingTurn.member)
    )
    return {row.member: row.had_at for row in rows}
