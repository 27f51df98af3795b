"""The goal and the scope of a circle's open discussion, for the eyes of the circle."""

from bot.circles import meeting_store as store
from bot.circles.format_blocks import MAX_FOCUS
from bot.circles.formats import Format
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.runtime import Transaction
from bot.slack.text import one_line, to_mrkdwn
from models import CircleMeeting

NO_DISCUSSION = "This meeting is not an open discussion."
OVER = "The meeting is over."
TOO_LONG = f"Up to {MAX_FOCUS} characters, please."


def require_discussion(
    tx: Transaction, meeting: CircleMeeting, *, field: str | None = None
) -> None:
    """Raise UserError unless the meeting is an open discussion and not over."""
    state = store.state_of(tx, meeting)
    if state.ended_at is not None:
        raise UserError(OVER, field=field)
    if state.format is not Format.DISCUSSION:
        raise UserError(NO_DISCUSSION, field=field)


def save(
    tx: Transaction, meeting: CircleMeeting, values: FormValues, *, by: str
) -> None:
    """Store the goal and the scope; they replace earlier ones.

    The circle is locked, and the member in it. Raises UserError with the field.
    """
    require_discussion(tx, meeting, field="goal")
    lines = {}
    for field in ("goal", "scope"):
        text = values.text(field)
        if len(text) > MAX_FOCUS:
            raise UserError(TOO_LONG, field=field)
        lines[field] = to_mrkdwn(one_line(text))
    meeting.goal, meeting.scope = lines["goal"], lines["scope"]
    meeting.focus_by = by if any(lines.values()) else None
