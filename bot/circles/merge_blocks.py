"""Offers to merge circles. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.circles.vote_blocks import READS_PAST
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    name_list,
    sentence_note,
)
from bot.slack.rich_text import date_token, fallback_text


@dataclass(frozen=True, slots=True)
class MergeText:
    """The question whether two circles merge, for one reader; names are plain."""

    merge_id: int
    is_small: bool
    # The number of people in the small circle.
    remaining: int
    # Those who would move to the small circle, without the reader.
    moving: Sequence[str]
    is_moving: bool
    # The others of the circle in which the reader would be.
    together: Sequence[str]
    until: datetime
    # The next meeting of the circle that a person would move to, if it has a time.
    meets_at: datetime | None = None
    # True if the circle is large enough, but decided to join another one.
    is_wish: bool = False
    # True if those who move can read what was written in the reader's channel.
    shows_past: bool = False


def merge_question(merge: MergeText, zone: ZoneInfo) -> Note:
    """Ask a person whether their circle and another one merge."""
    text = _merge_sentence(merge)
    past = f" {READS_PAST}" * merge.shows_past
    return fallback_text(text), [
        rich_text.inline(text),
        rich_text.inline(f"You would be with {', '.join(merge.together)}.{past}"),
        *(
            [rich_text.context_line("They meet ", date_token(merge.meets_at, zone))]
            if merge.meets_at
            else []
        ),
        button_row(
            button("Yes", "circle_merge_yes", merge.merge_id, style="primary"),
            button("No", "circle_merge_no", merge.merge_id),
        ),
        rich_text.context_line(
            "Both circles decide until ",
            date_token(merge.until, zone),
            ". Nobody sees your answer.",
        ),
    ]


def _merge_sentence(merge: MergeText) -> str:
    if merge.is_wish:
        return (
            "Your circle could join another one."
            if merge.is_small
            else f"Another circle of {merge.remaining} people would like to join yours."
        )
    people = "1 person" if merge.remaining == 1 else f"{merge.remaining} people"
    if merge.is_small:
        if merge.moving:
            movers = name_list(merge.moving)
            return f"Your circle has {people} left. {movers} could join you."
        return f"Your circle has {people} left. It could join another one."
    if merge.is_moving:
        return f"Another circle has only {people} left. Would you move to it?"
    if merge.moving:
        movers = name_list(merge.moving)
        return f"Another circle has only {people} left. {movers} would move to it."
    return f"Another circle has only {people} left. It could join yours."


def not_merged() -> Note:
    """Tell a person that their circle and another one stay as they are."""
    return sentence_note("The two circles stay apart. Yours goes on as it is.")


def merge_answered(*, is_yes: bool) -> Note:
    """Build what replaces the question."""
    return sentence_note(
        "You said yes. If both circles want it, I introduce you to each other."
        if is_yes
        else "You said no. Nobody sees that."
    )
