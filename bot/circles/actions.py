"""Next actions: one thing that a member said in a meeting they'll do."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, update

from bot.circles import meeting_store as store
from bot.circles.agenda_blocks import ACTION_STATES, MAX_ACTION, ActionView
from bot.db.statements import upsert
from bot.errors import UserError
from bot.runtime import Transaction
from bot.slack.text import is_erased, one_line, to_mrkdwn
from bot.workspace import members
from models import CircleAction, CircleMeeting

EMPTY = "Write what you'll do, in one line."
NO_ACTION = "You have no action from last time."


def of_meeting(tx: Transaction, meeting: CircleMeeting) -> Sequence[ActionView]:
    """Return the actions that people named in a meeting."""
    rows = tx.session.scalars(
        select(CircleAction).filter_by(meeting_id=meeting.id).order_by(CircleAction.id)
    ).all()
    return _views(tx, rows)


def of_last_time(tx: Transaction, meeting: CircleMeeting) -> Sequence[ActionView]:
    """Return each member's last action from the circle's earlier meetings."""
    rows = tx.session.scalars(
        select(CircleAction)
        .join(CircleMeeting, CircleMeeting.id == CircleAction.meeting_id)
        .where(
            CircleAction.circle_id == meeting.circle_id,
            CircleMeeting.number < meeting.number,
        )
        .order_by(CircleMeeting.number, CircleAction.id)
    )
    last = {row.member: row for row in rows}
    present = store.members_of(tx, meeting.circle_id)
    return _views(tx, [row for member, row in last.items() if member in present])


def _views(tx: Transaction, rows: Sequence[CircleAction]) -> Sequence[ActionView]:
    shown = [row for row in rows if not is_erased(row.member)]
    names = members.first_names(tx, [row.member for row in shown])
    return [
        ActionView(names[row.member], row.text, row.state, row.due_on) for row in shown
    ]


def own(tx: Transaction, meeting_id: int, *, by: str) -> CircleAction | None:
    """Return the member's action of this meeting."""
    return tx.session.scalar(
        select(CircleAction).filter_by(meeting_id=meeting_id, member=by)
    )


def own_of_last_time(
    tx: Transaction, meeting: CircleMeeting, *, by: str
) -> CircleAction:
    """Return the member's last action of earlier meetings. Raises UserError."""
    action = tx.session.scalar(
        select(CircleAction)
        .join(CircleMeeting, CircleMeeting.id == CircleAction.meeting_id)
        .where(
            CircleAction.circle_id == meeting.circle_id,
            CircleAction.member == by,
            CircleMeeting.number < meeting.number,
        )
        .order_by(CircleMeeting.number.desc())
        .limit(1)
    )
    if action is None:
        raise UserError(NO_ACTION)
    return action


def save(
    tx: Transaction,
    meeting: CircleMeeting,
    text: str,
    due_on: date | None,
    *,
    by: str,
) -> None:
    """Store a member's action of a meeting; it replaces an earlier one.

    Raises UserError.
    """
    line = to_mrkdwn(one_line(text))
    if not line or len(text) > MAX_ACTION:
        raise UserError(EMPTY, field="action")
    values = {"text": line, "due_on": due_on}
    insert = upsert(tx.session, CircleAction).values(
        circle_id=meeting.circle_id,
        meeting_id=meeting.id,
        member=by,
        created_at=tx.now,
        state="open",
        event_micros=0,
        **values,
    )
    tx.session.execute(
        insert.on_conflict_do_update(
            index_elements=["meeting_id", "member"], set_=values
        )
    )


def set_state(
    tx: Transaction,
    circle_id: int,
    action_id: int,
    state: str,
    *,
    at_micros: int,
    by: str,
) -> None:
    """Store what became of a member's own action in a circle; the latest press wins.

    Raises UserError.
    """
    if state not in ACTION_STATES:
        raise UserError(NO_ACTION)
    own_id = tx.session.scalar(
        select(CircleAction.id).filter_by(id=action_id, circle_id=circle_id, member=by)
    )
    if own_id is None:
        raise UserError(NO_ACTION)
    tx.session.execute(
        update(CircleAction)
        .where(CircleAction.id == own_id, CircleAction.event_micros <= at_micros)
        .values(state=state, event_micros=at_micros)
    )
