"""Members' own questions for a meeting, for the eyes of their circle."""

from collections.abc import Sequence

from sqlalchemy import select

from bot.circles import meeting_store as store
from bot.circles.questions import MAX_QUESTION
from bot.db.statements import upsert
from bot.errors import UserError
from bot.runtime import Transaction
from bot.slack.text import one_line, to_mrkdwn
from models import CircleMeeting, CircleQuestion

EMPTY = "Write a question, in one line."
TOO_LATE = "The meeting is over."


def of_meeting(tx: Transaction, meeting: CircleMeeting) -> Sequence[tuple[str, str]]:
    """Return the questions of people in the circle, with their Slack ids."""
    rows = tx.session.execute(
        select(CircleQuestion.member, CircleQuestion.text)
        .where(
            CircleQuestion.meeting_id == meeting.id, CircleQuestion.member.is_not(None)
        )
        .order_by(CircleQuestion.id)
    )
    present = store.members_of(tx, meeting.circle_id)
    return [(row.member, row.text) for row in rows if row.member in present]


def own(tx: Transaction, meeting_id: int, *, by: str) -> str:
    """Return the member's question for a meeting, in mrkdwn, or nothing."""
    text = tx.session.scalar(
        select(CircleQuestion.text).filter_by(meeting_id=meeting_id, member=by)
    )
    return text or ""


def save(tx: Transaction, meeting: CircleMeeting, text: str, *, by: str) -> None:
    """Store a member's question; it replaces an earlier one. Raises UserError."""
    line = to_mrkdwn(one_line(text))
    if not line or len(text) > MAX_QUESTION:
        raise UserError(EMPTY, field="question")
    if store.state_of(tx, meeting).ended_at is not None:
        raise UserError(TOO_LATE, field="question")
    insert = upsert(tx.session, CircleQuestion).values(
        circle_id=meeting.circle_id,
        meeting_id=meeting.id,
        key="",
        member=by,
        text=line,
        created_at=tx.now,
    )
    tx.session.execute(
        insert.on_conflict_do_update(
            index_elements=["meeting_id", "member"], set_={"text": line}
        )
    )
