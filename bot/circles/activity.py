"""The acts of people in circles, for the programs that these belong to."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, exists, func, select

from bot.runtime import Transaction
from models import (
    Circle,
    CircleMeeting,
    CircleMember,
    CircleSeason,
    CircleSignup,
    MeetingEntry,
    MeetingTurn,
)


def active_members(
    _tx: Transaction, program_id: int, _channel_ids: Collection[int], since: datetime
) -> Sequence[Select[str]]:
    """Return queries for those who signed up, took a place, wrote, or had a turn."""
    meetings = (
        select(CircleMeeting.id)
        .join(Circle, Circle.id == CircleMeeting.circle_id)
        .where(Circle.program_id == program_id)
    )
    return [
        select(CircleSignup.member)
        .join(CircleSeason, CircleSeason.id == CircleSignup.season_id)
        .where(
            CircleSeason.program_id == program_id, CircleSignup.signed_up_at >= since
        ),
        select(CircleMember.member)
        .join(Circle, Circle.id == CircleMember.circle_id)
        .where(Circle.program_id == program_id, CircleMember.taken_at >= since),
        select(MeetingEntry.member).where(
            MeetingEntry.meeting_id.in_(meetings), MeetingEntry.written_at >= since
        ),
        select(MeetingTurn.member).where(
            MeetingTurn.meeting_id.in_(meetings), MeetingTurn.had_at >= since
        ),
    ]


def program_facts(tx: Transaction, member: str, since: datetime) -> Mapping[int, str]:
    """Say how often a member's circles met, by the id of the program.

    A meeting counts if it was facilitated, or someone had a turn or wrote in it.
    """
    had_turns = exists().where(MeetingTurn.meeting_id == CircleMeeting.id)
    rows = tx.session.execute(
        select(Circle.program_id, func.count())
        .join(CircleMeeting, CircleMeeting.circle_id == Circle.id)
        .join(CircleMember, CircleMember.circle_id == Circle.id)
        .where(
            Circle.installation_id == tx.workspace.id,
            CircleMeeting.ended_at >= since,
            CircleMeeting.facilitator.is_not(None) | had_turns,
            CircleMember.member == member,
            CircleMember.taken_at <= CircleMeeting.ended_at,
            CircleMember.left_at.is_(None)
            | (CircleMember.left_at > CircleMeeting.ended_at),
        )
        .group_by(Circle.program_id)
    )
    return {
        program_id: f"met your circle {_times(count)}" for program_id, count in rows
    }


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
