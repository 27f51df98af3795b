"""Peer coffee on the Home tab, of its members and of leads. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, HeaderBlock

from bot.home.row_blocks import RowList
from bot.pairs.introduction_notes import answer_row, mentions
from bot.pairs.notes import paused
from bot.people.blocks import Mate
from bot.programs.rules import MIN_PEOPLE
from bot.slack import rich_text
from bot.slack.blocks import button, button_row, context_line, name_list
from bot.slack.rich_text import bold
from bot.slack.text import truncate

MAX_PAIRS_SHOWN = 40
_TITLE = "Peer coffee"


@dataclass(frozen=True, slots=True)
class HomeMatch:
    """A match on the Home tab; `is_answered` if they have a time."""

    match_id: int
    mates: Sequence[Mate]
    is_answered: bool


@dataclass(frozen=True, slots=True)
class HomeView:
    """Peer coffee as a member sees it: on which day the next round is, and so on."""

    day: str
    often: str
    is_in: bool
    is_paused: bool
    # The number of people of their programs who take part.
    count: int
    # True if it begins only when enough people take part.
    needs_people: bool
    is_waiting: bool = False
    # The fewest weeks from one coffee of theirs to the next, and the day of the next
    # one; None and "" if they take part in each round.
    own_weeks: int | None = None
    own_day: str = ""
    match: HomeMatch | None = None


def home(view: HomeView) -> RowList:
    """Build the section of the Home tab."""
    rows: list[Sequence[Block]] = []
    if view.match is not None:
        rows.append(_home_match(view.match))
    join = button("Take part", "pair_join", "coffee", style="primary")
    if not view.is_in:
        rows.append(
            [
                rich_text.inline(
                    f"Meet a peer you may learn from, {view.often}: I introduce two of"
                    " you, and say why. You two find a time."
                ),
                button_row(join),
                context_line(_count_line(view)),
            ]
        )
    elif view.is_paused:
        _, blocks = paused()
        rows.append(blocks)
    else:
        wait = "I found nobody for you in this round. " if view.is_waiting else ""
        rows.append(
            [
                rich_text.inline(f"{wait}You take part. {_next_line(view)}"),
                button_row(button("Stop", "pair_stop", "coffee")),
            ]
        )
    return RowList([HeaderBlock(text=_TITLE)], rows)


def open_match(match: HomeMatch) -> RowList:
    """Build the section of a member who is in a match, but can't take part now."""
    return RowList([HeaderBlock(text=_TITLE)], [_home_match(match)])


def _home_match(match: HomeMatch) -> Sequence[Block]:
    line = rich_text.inline("This round you meet ", *mentions(match.mates), ".")
    if match.is_answered:
        return [line, button_row(button("We met", "pair_met", match.match_id))]
    return [line, answer_row(match.match_id, has_stop=False)]


def _count_line(view: HomeView) -> str:
    people = "1 person takes" if view.count == 1 else f"{view.count} people take"
    if view.needs_people:
        return (
            f"It begins when {MIN_PEOPLE} people of your program take part. {people}"
            " part now."
        )
    return f"{people} part now. The next round is on {view.day}."


def _next_line(view: HomeView) -> str:
    if view.needs_people:
        return _count_line(view)
    if view.own_weeks is not None:
        return f"Every {view.own_weeks} weeks at most: the next time on {view.own_day}."
    return f"The next round is on {view.day}."


# Leads


@dataclass(frozen=True, slots=True)
class LeadView:
    """Numbers of peer coffee for leads; `last_day` is "" before the first round."""

    count: int
    day: str
    needs_people: bool
    last_day: str = ""
    people: int = 0
    unmatched: int = 0


def lead_home(view: LeadView) -> RowList:
    people = "1 person takes" if view.count == 1 else f"{view.count} people take"
    next_line = (
        f"It begins when {MIN_PEOPLE} people of a program take part."
        if view.needs_people
        else f"The next round is on {view.day}."
    )
    lines: list[Block] = [rich_text.inline(f"{people} part. {next_line}")]
    buttons = [button("Preview the next round", "pair_preview", "coffee")]
    if view.last_day:
        last = numbers(view.people, view.unmatched or None, nobody="nobody took part")
        lines.append(context_line(f"Last round, {view.last_day}: {last}."))
        buttons.append(button("See the last round", "pair_last_round", "coffee"))
    return RowList(
        [HeaderBlock(text="Peer coffee, for you as a lead")],
        [[*lines, button_row(*buttons)]],
    )


def numbers(people: int, unmatched: int | None, *, nobody: str) -> str:
    """Return how many people are in a round, or the words for none."""
    if not people:
        return nobody
    count = "1 person" if people == 1 else f"{people} people"
    return count if unmatched is None else f"{count}, {unmatched} unmatched"


def round_list(
    text: str, groups: Sequence[tuple[Sequence[str], str]]
) -> tuple[str, list[Block]]:
    """Return the text, and lines with the names of each group and its reason."""
    lines: list[Block] = [
        rich_text.inline(
            bold(name_list(names)), f": {truncate(reason, 200)}" if reason else ""
        )
        for names, reason in groups[:MAX_PAIRS_SHOWN]
    ]
    more = len(groups) - MAX_PAIRS_SHOWN
    if more > 0:
        lines.append(context_line(f"and {more} more"))
    return text, lines
