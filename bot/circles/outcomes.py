"""Members' answers after a circle's meeting: did they meet, and was it worth it?

The people who met are stored for matching, and the meeting counts for the leads. The
answers to the second question are only counted.
"""

import secrets
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select, update

from bot.circles import actions, outcome_blocks, outcome_rules, writing_weeks
from bot.circles import meeting_store as store
from bot.circles.message_kinds import CIRCLE_AGREED
from bot.circles.outcome_blocks import AfterView
from bot.circles.outcome_rules import (
    ANSWERED_WITHIN,
    MIN_RATERS,
    Outcome,
    Receipt,
    Worth,
)
from bot.db.statements import upsert
from bot.errors import UserError
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.people import meetings as peer_meetings
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.slack.blocks import Note
from bot.workspace import contact_hours
from models import (
    Circle,
    CircleAction,
    CircleMeeting,
    CircleMember,
    CircleSeason,
    MeetingAnswer,
    MeetingEntry,
)

NOT_OVER = "This meeting is not over."
TOO_LATE = "This meeting was too long ago."
HAS_RATED = "I have counted an answer of yours about this meeting already."
NOT_LAST = "This is not your last answer, so I took nothing back."
IS_SEEN = "The leads see the counts by now, and your answer is in them."

_SECRET_BYTES = 16


def ask(tx: Transaction, meeting: CircleMeeting) -> None:
    """Ask each person in the circle, once, after a meeting's end."""
    for member in store.members_of(tx, meeting.circle_id):
        tx.enqueue(CIRCLE_AGREED, meeting.id, to=member)


def answer(
    tx: Transaction,
    meeting: CircleMeeting,
    outcome: Outcome,
    *,
    by: str,
    event_micros: int,
) -> None:
    """Store whether the member says that they met; the later press counts.

    The circle is locked, and the member in it. Raises UserError.
    """
    _require_answerable(tx, meeting)
    insert = upsert(tx.session, MeetingAnswer).values(
        meeting_id=meeting.id,
        member=by,
        answer=outcome.value,
        event_micros=event_micros,
        has_rated=False,
    )
    tx.session.execute(
        insert.on_conflict_do_update(
            index_elements=["meeting_id", "member"],
            set_={"answer": outcome.value, "event_micros": event_micros},
            where=MeetingAnswer.event_micros < event_micros,
        )
    )
    record(tx, meeting)


def rate(tx: Transaction, meeting: CircleMeeting, worth: Worth, *, by: str) -> Receipt:
    """Count whether a meeting was worth a member's time, once for each member.

    The season and the circle are locked, and the member is in it. Raises UserError.
    """
    _require_answerable(tx, meeting)
    receipt = Receipt(worth, secrets.token_urlsafe(_SECRET_BYTES))
    insert = upsert(tx.session, MeetingAnswer).values(
        meeting_id=meeting.id, member=by, event_micros=0, has_rated=False
    )
    tx.session.execute(insert.on_conflict_do_nothing())
    is_new = tx.session.execute(
        update(MeetingAnswer)
        .where(
            MeetingAnswer.meeting_id == meeting.id,
            MeetingAnswer.member == by,
            MeetingAnswer.has_rated.is_(False),
        )
        .values(has_rated=True, receipt=receipt.fingerprint)
        .returning(MeetingAnswer.member)
    ).first()
    if is_new is None:
        raise UserError(HAS_RATED)
    _add(meeting, worth, 1)
    _publish(tx, meeting)
    return receipt


def take_back(
    tx: Transaction, meeting: CircleMeeting, receipt: Receipt, *, by: str
) -> None:
    """Count a member's answer no more, until the leads see it.

    The season and the circle are locked, and the member is in it. Raises UserError,
    also for a button that is not that of their last answer.
    """
    _require_answerable(tx, meeting)
    row = tx.session.get(MeetingAnswer, (meeting.id, by), populate_existing=True)
    if row is None or not row.has_rated:
        return
    if row.is_published:
        raise UserError(IS_SEEN)
    if row.receipt != receipt.fingerprint:
        raise UserError(NOT_LAST)
    row.has_rated, row.receipt = False, None
    _add(meeting, receipt.worth, -1)


def _add(meeting: CircleMeeting, worth: Worth, change: int) -> None:
    column = f"worth_{worth}"
    setattr(meeting, column, getattr(meeting, column) + change)


def _require_answerable(tx: Transaction, meeting: CircleMeeting) -> None:
    if meeting.ended_at is None:
        raise UserError(NOT_OVER)
    if tx.now - meeting.ended_at > ANSWERED_WITHIN:
        raise UserError(TOO_LATE)


def record(tx: Transaction, meeting: CircleMeeting) -> None:
    """Store who met in a meeting that is over. It may be repeated."""
    if meeting.ended_at is None:
        return
    tx.session.flush()
    met = people_who_met(tx, meeting)
    meeting.took_place = bool(met)
    peer_meetings.record(tx, met, met_at=meeting.ended_at)


def people_who_met(tx: Transaction, meeting: CircleMeeting) -> frozenset[str]:
    """Return those who met, by what they said and did until now."""
    return outcome_rules.people_who_met(
        people_at(tx, meeting), _answers(tx, meeting), _active(tx, meeting)
    )


def people_at(tx: Transaction, meeting: CircleMeeting) -> Sequence[str]:
    """Return the people in the circle who were in it at the end of a meeting."""
    return tx.session.scalars(
        select(CircleMember.member).where(
            CircleMember.circle_id == meeting.circle_id,
            CircleMember.taken_at <= (meeting.ended_at or tx.now),
            CircleMember.left_at.is_(None),
        )
    ).all()


def _answers(tx: Transaction, meeting: CircleMeeting) -> Mapping[str, Outcome]:
    rows = tx.session.execute(
        select(MeetingAnswer.member, MeetingAnswer.answer).where(
            MeetingAnswer.meeting_id == meeting.id, MeetingAnswer.answer.is_not(None)
        )
    )
    return {row.member: Outcome(row.answer) for row in rows}


def _active(tx: Transaction, meeting: CircleMeeting) -> set[str]:
    """Return those who pressed or wrote something while the meeting was on."""
    wrote = tx.session.scalars(
        select(MeetingEntry.member)
        .filter_by(meeting_id=meeting.id)
        .union(select(CircleAction.member).filter_by(meeting_id=meeting.id))
    )
    began = meeting.started_at
    pressed = {
        each.member
        for each in store.state_of(tx, meeting).effective
        if began is not None and each.at >= began
    }
    return {*wrote, *pressed}


# The texts that people read


def note(
    tx: Transaction,
    meeting: CircleMeeting,
    member: str,
    *,
    receipt: Receipt | None = None,
) -> Note:
    """Return the message after a meeting, as one of its members sees it.

    `receipt` is that of the answer that they have just given, and can take back.
    """
    circle = tx.session.get_one(Circle, meeting.circle_id)
    row = tx.session.get(MeetingAnswer, (meeting.id, member), populate_existing=True)
    return outcome_blocks.after_meeting(
        AfterView(
            id=meeting.id,
            number=meeting.number,
            planned_at=meeting.planned_at,
            zone=writing_weeks.zone_of(circle),
            is_in_writing=circle.is_in_writing,
            is_counted=not store.is_started(tx, circle),
            has_begun=meeting.started_at is not None,
            actions=actions.of_meeting(tx, meeting),
            answer=Outcome(row.answer) if row is not None and row.answer else None,
            has_rated=row is not None and row.has_rated,
            receipt=receipt if row is not None and not row.is_published else None,
        )
    )


def _render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    meeting = tx.session.get(CircleMeeting, delivery.subject_id)
    if (
        meeting is None
        or meeting.ended_at is None
        or tx.now - meeting.ended_at > ANSWERED_WITHIN
        or delivery.recipient not in store.members_of(tx, meeting.circle_id)
        or tx.session.get_one(Circle, meeting.circle_id).frozen_at is not None
    ):
        return None
    return PostMessage(delivery.recipient, *note(tx, meeting, delivery.recipient))


MESSAGE_TYPES = (
    MessageType(CIRCLE_AGREED, _render, send_after=contact_hours.send_after),
)


def _publish(tx: Transaction, meeting: CircleMeeting) -> None:
    """Show leads the counts of a season, if enough people have rated since the last.

    A lead who watches them can't learn one answer. The season is locked.
    """
    tx.session.flush()
    season_id = tx.session.get_one(Circle, meeting.circle_id).season_id
    of_season = select(Circle.id).where(Circle.season_id == season_id)
    meetings = select(CircleMeeting.id).where(CircleMeeting.circle_id.in_(of_season))
    unpublished = (
        MeetingAnswer.meeting_id.in_(meetings),
        MeetingAnswer.has_rated.is_(True),
        MeetingAnswer.is_published.is_(False),
    )
    raters = tx.session.scalar(
        select(func.count(MeetingAnswer.member.distinct())).where(*unpublished)
    )
    if season_id is None or (raters or 0) < MIN_RATERS:
        return
    season = tx.session.get_one(CircleSeason, season_id, populate_existing=True)
    season.worth_yes, season.worth_so_so, season.worth_no = map(
        int,
        tx.session.execute(
            select(
                func.sum(CircleMeeting.worth_yes),
                func.sum(CircleMeeting.worth_so_so),
                func.sum(CircleMeeting.worth_no),
            ).where(CircleMeeting.id.in_(meetings))
        ).one(),
    )
    tx.session.execute(
        update(MeetingAnswer)
        .where(*unpublished)
        .values(is_published=True, receipt=None)
        .execution_options(synchronize_session=False)
    )


def season_line(tx: Transaction, season: CircleSeason) -> str:
    """Return the line about a season's meetings that its leads see."""
    count = tx.session.scalar(
        select(func.count())
        .select_from(CircleMeeting)
        .join(Circle, Circle.id == CircleMeeting.circle_id)
        .where(Circle.season_id == season.id, CircleMeeting.took_place.is_(True))
    )
    worth = {
        Worth.YES: season.worth_yes,
        Worth.SO_SO: season.worth_so_so,
        Worth.NO: season.worth_no,
    }
    return outcome_blocks.season_line(count or 0, worth)
