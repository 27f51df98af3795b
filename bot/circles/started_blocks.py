"""Circles that members started, as others see them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import Block, HeaderBlock
from slack_sdk.models.views import View

from bot.circles.season_blocks import SeasonText, shape, short, title
from bot.home.row_blocks import RowList
from bot.matching.circles import STAYS
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    message_modal,
    sentence_note,
)
from bot.slack.rich_text import bold, date_token, fallback_text
from bot.slack.text import capitalize, escape, format_full

_FIRST, _NEXT = "First meeting: ", "It has begun. Next meeting: "


@dataclass(frozen=True, slots=True)
class StartedRow:
    """A circle with free places; `starter` is a plain name, empty if they left."""

    season: SeasonText
    starter: str
    places: int
    free: int
    meets_at: datetime
    # True if it has met: those in it decide about others.
    has_begun: bool = False


def places_text(free: int, places: int) -> str:
    if not free:
        return f"All {places} places are taken."
    verb = "is" if free == 1 else "are"
    return f"{free} of {places} places {verb} free."


def started_lines(row: StartedRow, zone: ZoneInfo) -> list[Block]:
    """Build the lines that tell what a circle is, for a reader in `zone`."""
    by = f" · {capitalize(row.starter)} started it" if row.starter else ""
    return [
        rich_text.inline(bold(title(row.season))),
        context_line(f"{short(row.season.program)}{by} · {shape(row.season)}"),
        rich_text.context_line(
            f"{places_text(row.free, row.places)} {_NEXT if row.has_begun else _FIRST}",
            date_token(row.meets_at, zone),
        ),
    ]


def started_row(row: StartedRow, zone: ZoneInfo) -> list[Block]:
    label = "Ask for a place" if row.has_begun else "Take a place"
    take = button(label, "circle_sign_up", row.season.id)
    return [*started_lines(row, zone), button_row(take)]


def offer_circle(ask_id: int) -> list[Block]:
    """Offer a circle to someone who took part in an ask."""
    return [
        context_line("Go on with this together? I invite the others privately."),
        button_row(button("Make this a circle", "circle_from_ask", ask_id)),
    ]


def invitation(row: StartedRow, zone: ZoneInfo, *, is_again: bool) -> Note:
    """Invite a person of the same ask, or of an earlier circle, as the starter."""
    starter = capitalize(row.starter)
    text = (
        f"{starter} starts a circle with the people of your last one."
        if is_again
        else f"{starter} starts a circle about an ask that you took part in."
    )
    return fallback_text(text), [
        rich_text.inline(text),
        *started_lines(row, zone),
        button_row(
            button("Take a place", "circle_sign_up", row.season.id, style="primary"),
            button("Not for me", "circle_not_for_me", row.season.id),
        ),
        context_line("You can say no: nobody learns of it, and I don't note it down."),
    ]


def start_row() -> Block:
    return button_row(button("Start a circle", "circle_start", "new"))


def home_started(
    rows: Sequence[StartedRow], zone: ZoneInfo, *, may_start: bool
) -> RowList:
    """Build the section of the Home tab."""
    if not (rows or may_start):
        return RowList()
    about = context_line(
        "Start a circle of your own: people in your program can take a place."
        if not rows
        else "Circles that people in your programs started."
    )
    return RowList(
        [HeaderBlock(text="Circles to join"), about],
        [started_row(row, zone) for row in rows],
        foot=[start_row()] if may_start else [],
    )


def place_taken(row: StartedRow, zone: ZoneInfo) -> View:
    """Build the page after the form to take a place."""
    at = format_full(row.meets_at, zone)
    text = (
        f"You have a place. You meet first on {at}. The circle begins when {STAYS}"
        " places are taken; then I introduce you to each other."
    )
    view = message_modal("Your place", escape(text))
    view.clear_on_close = True
    return view


def place_asked() -> View:
    """Build the page after the form, if those in the circle decide."""
    view = message_modal(
        "Your place",
        "I ask the others. They have three working days, then I write to you.",
    )
    view.clear_on_close = True
    return view


def too_few_note(season: SeasonText, *, has_begun: bool) -> Note:
    """Tell a person that their circle ends because it has too few people."""
    return sentence_note(
        f"You're the only one left in your circle: {title(season)}. It has ended."
        if has_begun
        else f"Too few people took a place in your circle: {title(season)}. It doesn't"
        " begin. You can start another one with /backswing circles."
    )
