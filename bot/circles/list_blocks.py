"""Lists of a person's circles and of seasons. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    Block,
    DividerBlock,
    HeaderBlock,
    InteractiveElement,
)
from slack_sdk.models.views import View

from bot.circles.place_blocks import place_buttons
from bot.circles.rules import (
    MAX_THEME,
    State,
)
from bot.circles.season_blocks import SeasonText, end_button, season_lines, short
from bot.circles.started_blocks import StartedRow, start_row, started_row
from bot.home.row_blocks import RowList
from bot.slack import rich_text
from bot.slack.blocks import (
    button,
    button_row,
    context_line,
    name_list,
)
from bot.slack.rich_text import bold, date_token


@dataclass(frozen=True, slots=True)
class SeasonRow:
    """A season in the list of one person; `people` and `circles` are for its leads."""

    season: SeasonText
    state: State
    is_signed_up: bool
    may_sign_up: bool
    is_run: bool
    people: int = 0
    circles: int = 0


@dataclass(frozen=True, slots=True)
class CircleRow:
    """A circle of the reader, with the plain names of the others."""

    id: int
    program: str
    theme: str
    others: Sequence[str]
    is_taken: bool
    # None until its facilitator has chosen a time.
    next_meeting: datetime | None = None
    # True while it has a break.
    is_frozen: bool = False
    # True while those in it decide about the reader.
    is_asked: bool = False


_NONE = "There are no circles in your programs at the moment."
_NO_PROGRAM = (
    "Circles are for people who are in a program. Type /backswing program to see them."
)


def circle_list(
    circles: Sequence[CircleRow],
    seasons: Sequence[SeasonRow],
    started: Sequence[StartedRow],
    *,
    zone: ZoneInfo,
    is_in_program: bool,
    may_open: bool,
    may_start: bool,
) -> View:
    """Build the page of a person's circles, and of those that they can join."""
    blocks: list[Block] = [
        context_line(
            "A circle is five to seven people who meet some times, each with a"
            " question of their own."
        )
    ]
    for circle in circles:
        blocks += [DividerBlock(), *_circle_row(circle, zone)]
    for row in seasons:
        blocks += [DividerBlock(), *_season_row(row, zone)]
    for each in started:
        blocks += [DividerBlock(), *started_row(each, zone)]
    if not circles and not seasons and not started:
        blocks.append(rich_text.inline(_NONE if is_in_program else _NO_PROGRAM))
    if may_start:
        blocks += [DividerBlock(), start_row()]
    if may_open:
        new = button("New season", "circle_new_season", "new", style="primary")
        blocks += [DividerBlock(), button_row(new)]
    return View(
        type="modal",
        callback_id="circles",
        title="Circles",
        close="Close",
        blocks=blocks,
    )


def home_circles(
    circles: Sequence[CircleRow], seasons: Sequence[SeasonRow], zone: ZoneInfo
) -> RowList:
    """Build the section of the Home tab."""
    rows = [
        *(_circle_row(circle, zone) for circle in circles),
        *(_season_row(row, zone) for row in seasons),
    ]
    return RowList([HeaderBlock(text="Circles")], rows) if rows else RowList()


def _circle_row(circle: CircleRow, zone: ZoneInfo) -> list[Block]:
    about = short(circle.theme, MAX_THEME) or short(circle.program)
    lines: list[Block] = [
        rich_text.inline(bold(f"Your circle: {about}")),
    ]
    if circle.others:
        lines.append(context_line(f"With {name_list(circle.others)}."))
    if circle.is_asked:
        no = button("Not this time", "circle_decline", circle.id)
        asked = context_line("You asked for a place. The others decide.")
        return [*lines, asked, button_row(no)]
    if not circle.is_taken:
        return [*lines, button_row(*place_buttons(circle.id))]
    if circle.is_frozen:
        lines.append(context_line("❄ It has a break."))
    if circle.next_meeting is not None:
        lines.append(
            rich_text.context_line("You meet ", date_token(circle.next_meeting, zone))
        )
    return [*lines, button_row(button("See your circle", "circle_see", circle.id))]


def _season_row(row: SeasonRow, zone: ZoneInfo) -> list[Block]:
    season = row.season
    lines = season_lines(season, zone)
    buttons: list[InteractiveElement] = []
    facts = []
    if row.is_signed_up:
        facts.append("You signed up.")
    if row.is_run:
        facts.append(_numbers(row))
    if row.may_sign_up and not row.is_signed_up:
        buttons.append(button("Sign up", "circle_sign_up", season.id, style="primary"))
    if row.is_signed_up and row.may_sign_up:
        buttons += [
            button("Change", "circle_sign_up", season.id),
            button("Take it back", "circle_withdraw", season.id),
        ]
    if row.is_run and row.state in {State.PREVIEW, State.RUNNING}:
        buttons.append(button("See the circles", "circle_preview", f"{season.id}:0"))
    if row.is_run:
        buttons.append(end_button(season.id))
    if facts:
        lines.append(context_line(" ".join(facts)))
    return [*lines, button_row(*buttons)] if buttons else lines


def _numbers(row: SeasonRow) -> str:
    people = "1 person" if row.people == 1 else f"{row.people} people"
    match row.state:
        case State.SIGN_UP | State.FORMING:
            return f"{people} signed up so far."
        case State.PREVIEW:
            return f"{people} signed up. Nobody is invited yet."
        case State.RUNNING | State.ENDED:
            circles = "1 circle" if row.circles == 1 else f"{row.circles} circles"
            return f"{circles}, {people}."
