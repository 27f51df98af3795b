"""The emoji that have a meaning as reactions to asks and answers. Pure."""

from collections.abc import Sequence
from typing import Literal

from bot.errors import UserError
from bot.slack.emoji import is_among, overlap, render

Meaning = Literal["helpful", "solved", "looking", "same"]

# The most frequent reactions to replies in the export of a public Slack workspace.
DEFAULT_HELPFUL = ("+1", "raised_hands", "heart", "pray", "bulb")
DEFAULT_SOLVED = ("white_check_mark",)
LOOKING = ("eyes",)
SAME = ("raising_hand",)


def helpful(chosen: Sequence[str] | None) -> Sequence[str]:
    """Return a channel's emoji for helpful answers; None means the default."""
    return DEFAULT_HELPFUL if chosen is None else chosen


def solved(chosen: Sequence[str] | None) -> Sequence[str]:
    """Return a channel's emoji for solutions; None means the default."""
    return DEFAULT_SOLVED if chosen is None else chosen


def meaning_on_ask(name: str, solved: Sequence[str]) -> Meaning | None:
    """Return the meaning of a reaction on an ask."""
    if is_among(name, solved):
        return "solved"
    if is_among(name, LOOKING):
        return "looking"
    return "same" if is_among(name, SAME) else None


def meaning_on_answer(
    name: str, helpful: Sequence[str], solved: Sequence[str]
) -> Meaning | None:
    """Return the meaning of a reaction on an answer."""
    if is_among(name, solved):
        return "solved"
    return "helpful" if is_among(name, helpful) else None


def require_free(names: Sequence[str], *, field: str) -> None:
    """Raise UserError for emoji that have another meaning on an ask."""
    reserved = (*LOOKING, *SAME)
    if overlap(reserved, names):
        raise UserError(
            f"{render(reserved)} already mean something else on an ask.", field=field
        )
