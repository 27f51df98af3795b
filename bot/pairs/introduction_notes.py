"""The message that introduces two or three people, with its reasons. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, InteractiveElement

from bot.people.blocks import Mate, SuggestedTime, times_line
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
)
from bot.slack.rich_text import Part, bold, fallback_text

Sentence = Sequence[Part]
_ANSWERED_ALONE = "What you press here is for you alone. "
# Members don't know what the other likes to talk about; each begins easily.
QUESTIONS = (
    "What are you working on that you would like to talk about more?",
    "What did you learn lately that you wish you had known a year ago?",
    "Which decision of this month was harder than it looked?",
    "What do people often ask you about?",
    "What would you like to get better at this year?",
    "What is slower in your work than it should be?",
    "Which assumption of yours turned out to be wrong?",
    "Who helped you lately, and with what?",
    "What do you do differently from most people in your team?",
    "What is the best question that you were asked this month?",
    "What are you stuck on, if only a little?",
    "Which tool or habit would you miss most?",
)


@dataclass(frozen=True, slots=True)
class Introduction:
    """A match, as one of its members reads it."""

    match_id: int
    mates: Sequence[Mate]
    reasons: Sequence[Sentence]
    question: Sentence
    times: Sequence[SuggestedTime]
    # The name of the one who is asked to write first; "" is the reader.
    first_writer: str
    # True in a group: the mates are all who read it.
    is_in_group: bool = False

    @property
    def is_pair(self) -> bool:
        return len(self.mates) == 1 + self.is_in_group


def introduction(view: Introduction) -> Note:
    """Introduce the members of a match to one of them, or in their group."""
    meet = "meet each other, " if view.is_in_group else "meet "
    head: Sentence = [f"Peer coffee: {meet}", *mentions(view.mates), "."]
    why: list[Part] = [bold("Why you two: " if view.is_pair else "Why you: ")]
    for reason in view.reasons:
        why += [*reason, " "]
    blocks: list[Block] = [
        rich_text.inline(*head),
        rich_text.inline(*why),
        rich_text.inline(bold("To begin with: "), *view.question),
    ]
    blocks += times_line(view.times, is_pair=view.is_pair)
    writer = view.first_writer
    blocks.append(
        rich_text.inline(f"{writer} writes first." if writer else "You write first.")
    )
    return fallback_text(*head), [
        *blocks,
        answer_row(view.match_id, has_stop=True),
        context_line(
            f"{_ANSWERED_ALONE if view.is_in_group else ''}If you can't, the other"
            " learns that you can't this time, and nothing else."
        ),
    ]


def mentions(mates: Sequence[Mate]) -> Sentence:
    """Return the mentions of members: "@Ana and @Ben"."""
    parts: list[Part] = []
    for number, mate in enumerate(mates):
        separator = " and " if number == len(mates) - 1 else ", "
        parts += [separator if number else "", mate.mention]
    return parts


def answer_row(match_id: int, *, has_stop: bool) -> Block:
    """Build the buttons of an open match."""
    buttons: list[InteractiveElement] = [
        button("We have a time", "pair_time", match_id, style="primary"),
        button("Can't this round", "pair_cant", match_id),
    ]
    if has_stop:
        buttons.append(button("Stop", "pair_stop", match_id))
    return button_row(*buttons)
