"""Places in circles, offered to those who signed up. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    ButtonElement,
)

from bot.circles.preview_blocks import reason_lines
from bot.circles.season_blocks import SeasonText, day, shape, title
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    sentence_note,
)
from bot.slack.rich_text import Part, bold, date_token, fallback_text


@dataclass(frozen=True, slots=True)
class Offer:
    """A place in a circle; the names of the others are plain."""

    circle_id: int
    program_id: int
    season: SeasonText
    others: Sequence[str]
    reasons: Sequence[Sequence[Part]]
    # The time by which the place must be taken.
    until: datetime
    # The next meeting, if a time is chosen.
    meets_at: datetime | None = None
    # True if it has met: those in it decide about the person.
    has_begun: bool = False


def place_note(offer: Offer, zone: ZoneInfo) -> Note:
    """Offer a place in a circle to a reader in `zone`."""
    season, others = offer.season, offer.others
    text = f"There is a place for you in a circle: {title(season)}."
    small = (
        [context_line("This time it is a small circle: so many people signed up.")]
        if len(others) < 4  # noqa: PLR2004 - the usual circles have five or more
        else []
    )
    begun = (
        [
            context_line(
                "The circle has begun. If you want the place, the others read your name"
                " and decide."
            )
        ]
        if offer.has_begun
        else []
    )
    return fallback_text(text), [
        rich_text.inline(bold(text)),
        rich_text.inline(f"With {', '.join(others)}."),
        *reason_lines(offer.reasons),
        context_line(f"{shape(season)}, from {day(season.starts_on)} on."),
        *(
            [rich_text.context_line("They meet ", date_token(offer.meets_at, zone))]
            if offer.meets_at
            else []
        ),
        *small,
        *begun,
        rich_text.context_line(
            "Your place is kept until ",
            date_token(offer.until, zone),
            ". Nobody learns of a no.",
        ),
        button_row(
            *place_buttons(offer.circle_id),
            button("Leave the program", "program_leave", offer.program_id),
        ),
    ]


def taken(circle_id: int) -> Note:
    """Build what replaces the offer when the person took the place."""
    text, blocks = sentence_note(
        "You have your place. When the others have answered, I introduce you to each"
        " other."
    )
    return text, [
        *blocks,
        button_row(button("See your circle", "circle_see", circle_id)),
    ]


def asked() -> Note:
    """Build what replaces the offer while the people in the circle decide."""
    return sentence_note(
        "I ask the others. They have three working days, then I write to you."
    )


def too_late() -> Note:
    """Build what replaces an offer whose time is over, for a person who wants it."""
    return sentence_note(
        "This place is gone. You're on the list again: if another one comes free, I"
        " write to you."
    )


def declined() -> Note:
    """Build what replaces the offer when the person gave the place back."""
    return sentence_note("OK, not this time. Nobody learns of it.")


def place_buttons(circle_id: int) -> list[ButtonElement]:
    return [
        button("Take my place", "circle_take", circle_id, style="primary"),
        button("Not this time", "circle_decline", circle_id),
    ]
