"""Rules for responses, reminders and streaks of check-ins. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.errors import UserError
from bot.slack.text import sanitize, to_mrkdwn, truncate

LONGEST_ANSWER = 1000
# Reminders stop after this many missed rounds in a row.
MISSES_BEFORE_STOP = 3
# Every multiple of this many rounds in a row is celebrated.
STREAK = 10

State = Literal["pending", "shared", "missed", "away"]


@dataclass(frozen=True, slots=True)
class Response:
    """The answers of the form, as mrkdwn; "" for an empty one."""

    working_on: str = ""
    stuck_on: str = ""
    proud_of: str = ""
    reflection: str = ""


def parse_response(
    working_on: str, stuck_on: str, proud_of: str, reflection: str = ""
) -> Response:
    """Convert typed text to a response; raises UserError if it is too long or empty."""
    typed = {
        "working_on": working_on,
        "stuck_on": stuck_on,
        "proud_of": proud_of,
        "reflection": reflection,
    }
    long = [name for name, text in typed.items() if len(text) > LONGEST_ANSWER]
    if long:
        why = f"At most {LONGEST_ANSWER} characters, please."
        raise UserError(why, field_errors=dict.fromkeys(long, why))
    response = Response(
        **{
            name: to_mrkdwn(truncate(sanitize(text), LONGEST_ANSWER))
            for name, text in typed.items()
        }
    )
    if response == Response():
        raise UserError(
            "Write a few words in at least one of these.", field="working_on"
        )
    return response


@dataclass(frozen=True, slots=True)
class Membership:
    """A member's time in a check-in: from the first time that they joined it.

    `left_at` is the time of the last leave, if they are not in.
    """

    is_active: bool = False
    joined_at: datetime | None = None
    left_at: datetime | None = None

    def was_active_at(self, at: datetime) -> bool:
        """Return True if the member was in at that time."""
        if self.joined_at is None or self.joined_at > at:
            return False
        return self.is_active or (self.left_at is not None and self.left_at > at)


NOT_A_PARTICIPANT = Membership()


def derive_state(
    membership: Membership,
    *,
    has_text: bool,
    # A reply of the member stands in the thread, and they may take part.
    has_replied: bool,
    is_open: bool,
    closes_at: datetime,
    is_away: bool,
) -> State | None:
    """Derive a member's state in a round; None if the round does not concern them.

    The post invites everybody to share, so a reply counts whether or not its author has
    joined. Only those who joined are expected, and can be silent.
    """
    if has_text or has_replied:
        return "shared"
    if is_open:
        return "pending" if membership.is_active else None
    if not membership.was_active_at(closes_at):
        return None
    return "away" if is_away else "missed"


def should_stop_reminders(latest: Sequence[State]) -> bool:
    """Return True if the member missed so many rounds that reminders are in vain.

    `latest` are the member's rounds, the latest first; rounds away do not count.
    """
    counted = [state for state in latest if state != "away"][:MISSES_BEFORE_STOP]
    return len(counted) == MISSES_BEFORE_STOP and set(counted) == {"missed"}


def streak(latest: Iterable[State | None]) -> int:
    """Count the rounds that a member shared in without a gap, the latest first.

    A round away is no gap; a round without the member (None) is.
    """
    count = 0
    for state in latest:
        if state == "shared":
            count += 1
        elif state != "away":
            return count
    return count


def is_milestone(count: int) -> bool:
    return count > 0 and count % STREAK == 0


def next_reflection(questions: Sequence[str], rounds_before: int) -> str:
    """Return the next reflection question in turn, or "" if there is none."""
    return questions[rounds_before % len(questions)] if questions else ""
