"""Previews of circles, for the leads of a season. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    DividerBlock,
    PlainTextObject,
)
from slack_sdk.models.views import View

from bot.circles.season_blocks import SeasonText, title
from bot.matching.circles import STAYS
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    name_list,
    sentence_note,
)
from bot.slack.rich_text import Part, bold

# Circles on a page of the preview.
PAGE_SIZE = 10
_MAX_REASONS = 6


@dataclass(frozen=True, slots=True)
class PreviewCircle:
    """A circle as leads see it: plain names, and reasons in words."""

    number: int
    names: Sequence[str]
    reasons: Sequence[Sequence[Part]]
    # True if some have not answered the invitation yet.
    is_open: bool = False


def formed_note(season: SeasonText, circles: int, people: int) -> Note:
    """Tell a lead that the circles are formed."""
    see = button("See the circles", "circle_preview", f"{season.id}:0")
    if not circles:
        reason = (
            "That is too few for a circle."
            if people < STAYS
            else "I found no circle for them."
        )
        text, blocks = sentence_note(
            f"{title(season)}: {people} signed up. {reason} They learn it from me."
        )
        return text, [*blocks, button_row(see)]
    noun = "circle is" if circles == 1 else "circles are"
    text, blocks = sentence_note(
        f"{title(season)}: {circles} {noun} formed of {people} people. Look at them,"
        " move people if you like, and then invite. Until then nobody is told."
    )
    return text, [*blocks, button_row(see)]


def preview(
    season: SeasonText,
    circles: Sequence[PreviewCircle],
    *,
    left_out: Sequence[str],
    start: int,
    total: int,
    is_invited: bool,
    meetings: str = "",
    notice: str = "",
) -> View:
    """Build a page of the season's circles for those who run it."""
    blocks: list[Block] = []
    if notice:
        blocks += [rich_text.inline(bold(notice)), DividerBlock()]
    blocks.append(rich_text.inline(bold(title(season))))
    if meetings:
        blocks.append(context_line(meetings))
    for circle in circles:
        blocks += [
            DividerBlock(),
            rich_text.inline(
                bold(f"Circle {circle.number}: "), ", ".join(circle.names) or "nobody"
            ),
            *reason_lines(circle.reasons),
        ]
        if is_invited and circle.is_open:
            blocks.append(context_line("Not all have answered yet."))
    if left_out:
        blocks += [
            DividerBlock(),
            rich_text.inline(bold("No circle this time: "), name_list(left_out)),
        ]
    blocks += _pager(season.id, start, len(circles), total)
    if not is_invited:
        blocks += [
            DividerBlock(),
            context_line(
                "Nobody is told yet. Repeats grow with each season of the same people:"
                " of 30 people, a third meet again by the fifth one."
            ),
            button_row(*_preview_buttons(season.id, has_circles=bool(circles))),
        ]
    return View(
        type="modal",
        callback_id="circle_preview",
        title="The circles",
        close="Close",
        private_metadata=json.dumps({"season": season.id}),
        blocks=blocks,
    )


def _preview_buttons(season_id: int, *, has_circles: bool) -> list[ButtonElement]:
    invite = ButtonElement(
        text="Invite",
        action_id="circle_invite",
        value=str(season_id),
        style="primary",
        confirm=ConfirmObject(
            title="Invite them?",
            text=PlainTextObject(
                text="Each person gets a message with their place. You can't move"
                " people after that."
            ),
            confirm="Invite",
            deny="Not now",
        ),
    )
    move = button("Move a person", "circle_move", season_id)
    return [invite, move] if has_circles else [invite]


def _pager(season_id: int, start: int, shown: int, total: int) -> list[Block]:
    end = start + shown
    if not start and end >= total:
        return []
    buttons = []
    if start:
        back = max(0, start - PAGE_SIZE)
        buttons.append(button("Previous", "circle_preview_back", f"{season_id}:{back}"))
    if end < total:
        buttons.append(button("Next", "circle_preview_next", f"{season_id}:{end}"))
    return [context_line(f"{start + 1} to {end} of {total}"), button_row(*buttons)]


def reason_lines(reasons: Sequence[Sequence[Part]]) -> list[Block]:
    parts: list[Part] = []
    for reason in reasons[:_MAX_REASONS]:
        parts += ["\n•  " if parts else "•  ", *reason]
    return [rich_text.context_line(*parts)] if parts else []
