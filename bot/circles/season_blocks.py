"""Seasons of circles: lists, messages, and answers to sign-ups. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    PlainTextObject,
)
from slack_sdk.models.views import View

from bot.circles.rules import (
    MAX_LANGUAGE,
    MAX_THEME,
)
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
from bot.slack.text import escape, format_full, to_plain, truncate

MAX_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class SeasonText:
    """A season as people read it; texts are mrkdwn."""

    id: int
    program: str
    theme: str
    language: str
    starts_on: date
    signup_ends_at: datetime
    meetings: int
    weeks_between: int
    minutes: int
    is_in_writing: bool
    # The number of places in a circle that a member started.
    places: int | None = None


def short(mrkdwn: str, limit: int = MAX_NAME_LENGTH) -> str:
    return truncate(to_plain(mrkdwn), limit)


def title(season: SeasonText) -> str:
    """Return the plain title of a season: its theme, or "Circles of" its program."""
    if season.theme:
        return short(season.theme, MAX_THEME)
    return f"Circles of {short(season.program)}"


def shape(season: SeasonText) -> str:
    weeks = (
        "every week"
        if season.weeks_between == 1
        else f"every {season.weeks_between} weeks"
    )
    if season.is_in_writing:
        return f"{season.meetings} meetings in writing, {weeks}"
    return f"{season.meetings} meetings, {weeks}, {season.minutes} minutes each"


def day(day: date) -> str:
    return f"{day.day} {day:%B}"


def season_lines(season: SeasonText, zone: ZoneInfo) -> list[Block]:
    """Build the lines that tell what a season is, for a reader in `zone`."""
    facts = [f"{shape(season)}, from {day(season.starts_on)} on."]
    if season.language:
        facts.append(f"Language: {short(season.language, MAX_LANGUAGE)}.")
    return [
        rich_text.inline(bold(title(season))),
        context_line(f"{short(season.program)} · {' '.join(facts)}"),
        rich_text.context_line(
            "Five to seven people. Sign up until ",
            date_token(season.signup_ends_at, zone),
            ".",
        ),
    ]


# The list


def end_button(season_id: int) -> ButtonElement:
    confirm = ConfirmObject(
        title="End the season?",
        text=PlainTextObject(text="Its circles end, too. I send nothing more."),
        confirm="End it",
        deny="Not now",
    )
    return ButtonElement(
        text="End the season",
        action_id="circle_end_season",
        value=str(season_id),
        confirm=confirm,
    )


# Sign-up


def season_note(season: SeasonText, zone: ZoneInfo, program_id: int) -> Note:
    """Tell a person in the program that they can sign up."""
    return fallback_text(f"Sign up for circles: {title(season)}."), [
        rich_text.inline("You can sign up for a circle:"),
        *season_lines(season, zone),
        button_row(
            button("Sign up", "circle_sign_up", season.id, style="primary"),
            button("Not for me", "circle_not_for_me", season.id),
            button("Leave the program", "program_leave", program_id),
        ),
        context_line("You can say no: nobody learns of it, and I don't note it down."),
    ]


def not_for_me(season_id: int) -> Note:
    """Build what replaces the message for a person who said no."""
    text, blocks = sentence_note(
        "OK. I didn't note that down, and nobody learns of it. Type /backswing circles"
        " if you change your mind."
    )
    again = button("I'd like to after all", "circle_sign_up", season_id)
    return text, [*blocks, button_row(again)]


def signed_up(season: SeasonText, zone: ZoneInfo, *, is_late: bool) -> View:
    """Build the page after the form to sign up."""
    text = (
        "You're on the list. If a circle has a free place that suits you, I write to"
        " you."
        if is_late
        else "You're on the list. After the sign-up, on"
        f" {format_full(season.signup_ends_at, zone)}, I form the circles. Then I write"
        " to you. You can take it back until then."
    )
    view = message_modal("You signed up", escape(text))
    view.clear_on_close = True
    return view


def withdrawn() -> Note:
    """Tell a person that their sign-up is taken back."""
    return sentence_note("You took it back. Nobody is told.")


# The preview


def no_circles_note(season: SeasonText, *, is_too_few: bool, has_coffee: bool) -> Note:
    """Tell a person who signed up that the season has no circles, or none any longer.

    `has_coffee`: they can meet one of their peers instead.
    """
    reason = (
        "There are too few people for one." if is_too_few else "The season has none."
    )
    instead = "Type /backswing pairs to meet one of your peers. " if has_coffee else ""
    return sentence_note(
        f"There is no circle for you this time: {title(season)}. {reason} {instead}/ask"
        " reaches your peers at any time."
    )


def none_note(season: SeasonText) -> Note:
    """Tell a person who signed up that there is no circle for them.

    The text is the same for times, free places, and people who must not meet, so it
    says nothing about the last ones.
    """
    return sentence_note(
        f"There is no circle for you this time: {title(season)}. I found none for you."
        " If a place for you comes free, I write to you. Until then, /ask reaches your"
        " peers at any time."
    )


def not_invited_note(season: SeasonText, *, has_ended: bool) -> Note:
    """Tell a person on the first day that nobody has been invited to a circle."""
    state = (
        f"There are no circles this time: {title(season)}. The season ended before"
        " people were invited."
        if has_ended
        else f"The circles were to begin on {day(season.starts_on)}: {title(season)}."
        " Its lead has not invited people yet. You are still on the list: if there is"
        " a place for you, I write to you."
    )
    return sentence_note(f"{state} /ask reaches your peers at any time.")


# The circle


def calendar_comment(season: SeasonText, at: datetime, zone: ZoneInfo) -> str:
    """Return the text beside the calendar file, as mrkdwn."""
    return escape(
        f"{title(season)}: your circle next meets on {format_full(at, zone)}. Open"
        " the file to put all meetings into your calendar."
    )


def calendar_title(season: SeasonText) -> str:
    """Return the plain title of each event in a calendar."""
    return f"Circle: {title(season)}"


# Merges
