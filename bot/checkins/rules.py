"""Who counts as having shared, who is nudged, what is celebrated. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.errors import Refusal
from bot.text import clean, marked, shorten

LONGEST_ANSWER = 1000
# After so many silent rounds the nudges stop.
PATIENCE = 3
# So many in a row are celebrated, and so many more, and so on.
ROW = 10

State = Literal["waiting", "shared", "silent", "away"]


@dataclass(frozen=True, slots=True)
class Shared:
    """The answers of the form, as marked text; "" where there is none."""

    working_on: str = ""
    stuck_on: str = ""
    proud_of: str = ""
    reflection: str = ""


def shared(
    working_on: str, stuck_on: str, proud_of: str, reflection: str = ""
) -> Shared:
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
        raise Refusal(why, fields=dict.fromkeys(long, why))
    found = Shared(
        **{
            name: marked(shorten(clean(text), LONGEST_ANSWER))
            for name, text in typed.items()
        }
    )
    if found == Shared():
        raise Refusal("Write a few words in at least one of these.", field="working_on")
    return found


@dataclass(frozen=True, slots=True)
class Membership:
    """When somebody was in a check-in: from the first time that they joined it.

    `left_at` says until when, where they are not in.
    """

    is_in: bool = False
    joined_at: datetime | None = None
    left_at: datetime | None = None

    def is_at(self, at: datetime) -> bool:
        """Whether they were in at that time."""
        if self.joined_at is None or self.joined_at > at:
            return False
        return self.is_in or (self.left_at is not None and self.left_at > at)


NOBODY = Membership()


def state(
    who: Membership,
    *,
    is_written: bool,
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
    if is_written or has_replied:
        return "shared"
    if is_open:
        return "waiting" if who.is_in else None
    if not who.is_at(closes_at):
        return None
    return "away" if is_away else "silent"


def is_silent(latest: Sequence[State]) -> bool:
    """Whether somebody's rounds, the latest first, say that nudges are in vain.

    Rounds that they were away for say nothing.
    """
    counted = [state for state in latest if state != "away"][:PATIENCE]
    return len(counted) == PATIENCE and set(counted) == {"silent"}


def in_a_row(latest: Iterable[State | None]) -> int:
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


def is_a_row(count: int) -> bool:
    return count > 0 and count % ROW == 0


def reflection(questions: Sequence[str], rounds_before: int) -> str:
    """The question whose turn it is; "" where there is none."""
    return questions[rounds_before % len(questions)] if questions else ""
