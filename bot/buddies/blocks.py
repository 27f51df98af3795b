"""Buddies on the Home tab, and for leads. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, HeaderBlock
from slack_sdk.models.views import View

from bot.buddies import notes, week_notes
from bot.buddies.week_notes import Prompt
from bot.home.row_blocks import RowList
from bot.programs.rules import MIN_PEOPLE
from bot.slack import rich_text
from bot.slack.blocks import button, button_row, context_line, message_modal
from bot.slack.rich_text import bold

MAX_PAIRS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class HomePair:
    """A member's newcomer or buddy; `until` is a formatted day."""

    prompt: Prompt
    until: str


@dataclass(frozen=True, slots=True)
class HomeView:
    """Buddies as a member sees them."""

    # True for someone who may look for a buddy.
    is_new: bool = False
    is_looking: bool = False
    # True for someone who may be a buddy, and for one who said so.
    can_be_buddy: bool = False
    is_in: bool = False
    is_paused: bool = False
    # The number of people who want buddies, if they are still too few.
    few_people: int | None = None
    # The id of a question to the member, and the newcomer's plain name.
    question: tuple[int, str] | None = None
    pairs: Sequence[HomePair] = ()


def home(view: HomeView) -> RowList:
    """Build the section of the Home tab."""
    rows = [_pair(each) for each in view.pairs]
    if view.question is not None:
        question_id, newcomer = view.question
        rows.append(
            [
                rich_text.inline(f"{newcomer} is new here and would like a buddy."),
                notes.answer_buttons(question_id),
            ]
        )
    rows += _newcomer(view) + _buddy(view)
    if rows and view.few_people is not None:
        rows[-1] = [*rows[-1], _few(view.few_people)]
    return RowList([HeaderBlock(text="Buddies")] if rows else [], rows)


def _few(count: int) -> Block:
    so_far = {0: "nobody does", 1: "1 person does"}.get(count, f"{count} do")
    return context_line(
        f"It begins when {MIN_PEOPLE} people of your program look for a buddy, or would"
        f" be one. So far {so_far}."
    )


def _newcomer(view: HomeView) -> list[Sequence[Block]]:
    is_with_buddy = any(pair.prompt.is_newcomer for pair in view.pairs)
    if view.is_looking:
        return [
            [
                rich_text.inline("I'm looking for a buddy for you."),
                button_row(notes.stop_looking_button()),
            ]
        ]
    if not view.is_new or is_with_buddy:
        return []
    return [
        [
            rich_text.inline(
                "A buddy came some months before you, and meets you once a week for"
                " four weeks."
            ),
            button_row(notes.find_button()),
        ]
    ]


def _buddy(view: HomeView) -> list[Sequence[Block]]:
    stop = button("Stop", "buddy_stop", "buddy")
    join = button("I'd be a buddy", "buddy_join", "buddy")
    if view.is_paused:
        _, blocks = notes.paused()
        return [blocks]
    if view.is_in:
        text = "You'd be a buddy. When someone new fits, I ask you in private."
        if not view.can_be_buddy:
            text = (
                "You'd be a buddy. I ask people who came up to two years ago, so I no"
                " longer ask you. Thank you."
            )
        return [[rich_text.inline(text), button_row(stop)]]
    if not view.can_be_buddy:
        return []
    return [
        [
            rich_text.inline(
                "Be a buddy for someone new: you meet once a week for four weeks, one"
                " person at a time."
            ),
            button_row(join),
        ]
    ]


def _pair(view: HomePair) -> Sequence[Block]:
    shown = view.prompt
    is_yours = "is your buddy" if shown.is_newcomer else "has you as a buddy"
    return [
        rich_text.inline(shown.other.mention, f" {is_yours} until {view.until}."),
        rich_text.inline(bold("This week: "), week_notes.idea(shown)),
        button_row(*week_notes.prompt_buttons(shown)),
    ]


# Leads


def lead_home(pairs: int, looking: int) -> RowList:
    """Build the section for leads: numbers, and a button that shows names."""
    has = "1 newcomer has" if pairs == 1 else f"{pairs} newcomers have"
    looks = "1 looks" if looking == 1 else f"{looking} look"
    row: list[Block] = [rich_text.inline(f"{has} a buddy now. {looks} for one.")]
    if pairs:
        row.append(button_row(button("See who", "buddy_see", "buddy")))
    return RowList([HeaderBlock(text="Buddies, for you as a lead")], [row])


def pair_list(pairs: Sequence[tuple[str, str]]) -> View:
    """Show plain names of newcomers and of their buddies."""
    lines: list[Block] = [
        rich_text.inline(bold(newcomer), f" has {buddy} as a buddy")
        for newcomer, buddy in pairs[:MAX_PAIRS_SHOWN]
    ]
    more = len(pairs) - MAX_PAIRS_SHOWN
    if more > 0:
        lines.append(context_line(f"and {more} more"))
    return message_modal(
        "Buddies",
        "*Newcomers and their buddies now*" if pairs else "Nobody has a buddy now.",
        *lines,
    )
