"""A lead's questions for a season's meetings, as they type them. Pure."""

from collections.abc import Sequence

from bot.circles.questions import MAX_QUESTION
from bot.errors import UserError
from bot.slack.text import one_line, to_mrkdwn

FIELD = "questions"
# Slack's limit for what people type in a field.
MAX_TYPED = 3000
MAX_PER_MEETING = 5
HINT = (
    f"One in each line, up to {MAX_PER_MEETING} for a meeting. Leave a line empty"
    " before those of the next meeting. Without any, I take one of mine."
)
TOO_MANY = f"Up to {MAX_PER_MEETING} questions for a meeting: leave a line empty."
TOO_LONG = f"Up to {MAX_QUESTION} characters in a line, please."


def read(typed: str, *, meetings: int) -> str:
    """Return the questions (mrkdwn) as a season stores them.

    Raises UserError with the field.
    """
    if len(typed) > MAX_TYPED:
        raise UserError(f"Up to {MAX_TYPED} characters, please.", field=FIELD)
    groups: list[list[str]] = [[]]
    for typed_line in typed.splitlines():
        if len(typed_line) > MAX_QUESTION:
            raise UserError(TOO_LONG, field=FIELD)
        line = to_mrkdwn(one_line(typed_line))
        if line:
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    groups = [group for group in groups if group]
    if any(len(group) > MAX_PER_MEETING for group in groups):
        raise UserError(TOO_MANY, field=FIELD)
    if len(groups) > meetings:
        text = f"These are for {len(groups)} meetings, and the season has {meetings}."
        raise UserError(text, field=FIELD)
    return "\n\n".join("\n".join(group) for group in groups)


def of_meeting(stored: str, number: int) -> Sequence[str]:
    """Return the questions of the meeting with this number; the first has 1."""
    groups = [group.split("\n") for group in stored.split("\n\n") if group]
    return groups[number - 1] if number <= len(groups) else ()
