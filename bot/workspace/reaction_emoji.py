"""The emoji that have a meaning as reactions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.errors import UserError
from bot.slack.emoji import canonical, is_among, overlap, render

Meaning = Literal["helpful", "solved", "looking", "same"]

# The most frequent reactions to replies in the export of a public Slack workspace.
DEFAULT_HELPFUL = ("+1", "raised_hands", "heart", "pray", "bulb")
DEFAULT_SOLVED = ("white_check_mark",)
LOOKING = ("eyes",)
SAME = ("raising_hand",)
# A reaction with it to a kudos message joins the kudos.
DEFAULT_JOIN = ("raised_hands",)


@dataclass(frozen=True, slots=True)
class ChannelEmoji:
    """The names of the emoji that have a meaning in a channel."""

    helpful: Sequence[str] = DEFAULT_HELPFUL
    solved: Sequence[str] = DEFAULT_SOLVED
    join: Sequence[str] = DEFAULT_JOIN
    kudos: Sequence[str] = ()


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


def to_column(
    names: Sequence[str], previous: Sequence[str] | None, default: Sequence[str]
) -> list[str] | None:
    """Return the names to store for a choice of emoji; None for the default.

    An emoji can have several names, and a form shows only its picture. So an emoji that
    was chosen before keeps the name that it had.
    """
    previous_names = {canonical(name): name for name in (*default, *(previous or ()))}
    stored_names = [previous_names.get(canonical(name), name) for name in names]
    return None if stored_names == list(default) else stored_names


def require_free_on_asks(names: Sequence[str], *, field: str) -> None:
    """Raise UserError for emoji that have another meaning on an ask."""
    reserved = (*LOOKING, *SAME)
    if overlap(reserved, names):
        raise UserError(
            f"{render(reserved)} already mean something else on an ask.", field=field
        )
