"""Who counts as having shared, who is nudged, what is celebrated. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.errors import UserError
from bot.slack.text import sanitize, to_mrkdwn, truncate

LONGEST_ANSWER = 1000
# After so many silent rounds the nudges stop.
MISSES_BEFORE_STOP = 3
# So many in a row are celebrated, and so many more, and so on.
STREAK = 10

State = Literal["waiting", "shared", "silent", "away"]


@dataclass(frozen=True, slots=True)
class Response:
    """The answers of the form, as marked text; "" where there is none."""

    working_on: str = ""
    stuck_on: str = ""
    proud_of: str = ""
    reflection: str = ""


def parse_response(
    working_on: str, stuck_on: str, proud_of: str, reflection: str = ""
) -> Response:
    """Typed texts in; raises Refusal for too much, and for nothing in any of them."""
    typed = {
        "working_on": working_on,
        "stuck_on": stuck_on,
        "proud_of": proud_of,
        "reflection": reflection,
    }
    long = [name for name, text in typed.items() if len(text) > LONGEST_ANSWER]
    if long:
        why = f"That is more than {LONGEST_ANSWER} characters."
        raise UserError(why, field_errors=dict.fromkeys(long, why))
    found = Response(
        **{
            name: to_mrkdwn(truncate(sanitize(text), LONGEST_ANSWER))
            for name, text in typed.items()
        }
    )
    if found == Response():
        raise UserError(
            "Write a few words in at least one of these.", field="working_on"
        )
    return found


@dataclass(frozen=True, slots=True)
class Membership:
    """When somebody was in a check-in: from the first time that they joined it.

    `left_at` says until when, where they are not in.
    """

    is_active: bool = False
    joined_at: datetime | None = None
    left_at: datetime | None = None

    def was_active_at(self, at: datetime) -> bool:
        """Whether they were in at that time."""
        if self.joined_at is None or self.joined_at > at:
            return False
        return self.is_active or (self.left_at is not None and self.left_at > at)


NOT_A_PARTICIPANT = Membership()


def derive_state(
    membership: Membership,
    *,
    has_text: bool,
    # A reply of theirs stands in the thread, and they may take part.
    has_replied: bool,
    is_open: bool,
    closes_at: datetime,
    is_away: bool,
) -> State | None:
    """Derive what became of a round for somebody; None where it doesn't concern them.

    The post invites everybody to share, so a reply counts whether or not its author
    has joined. Only those who joined are expected, and can be silent.
    """
    if has_text or has_replied:
        return "shared"
    if is_open:
        return "waiting" if membership.is_active else None
    if not membership.was_active_at(closes_at):
        return None
    return "away" if is_away else "silent"


def should_stop_reminders(latest: Sequence[State]) -> bool:
    """Whether somebody's rounds, the latest first, say that nudges are in vain.

    Rounds that they were away for say nothing.
    """
    counted = [state for state in latest if state != "away"][:MISSES_BEFORE_STOP]
    return len(counted) == MISSES_BEFORE_STOP and set(counted) == {"silent"}


def streak(latest: Iterable[State | None]) -> int:
    """How many rounds somebody shared in without a gap, the latest first.

    Rounds that they were away for are no gap; those that they had no part in are.
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
    """The question whose turn it is; "" where there is none."""
    return questions[rounds_before % len(questions)] if questions else ""
