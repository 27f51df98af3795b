"""Pages and messages of circles. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    DividerBlock,
    HeaderBlock,
    InteractiveElement,
    PlainTextObject,
)
from slack_sdk.models.views import View

from bot.circles.rules import (
    MAX_BRINGS,
    MAX_GOAL,
    MAX_LANGUAGE,
    MAX_THEME,
    Reason,
    State,
)
from bot.home.row_blocks import RowList
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    message_modal,
    name_list,
    sentence_note,
)
from bot.slack.rich_text import Part, bold, date_token, fallback_text, link
from bot.slack.text import capitalize, escape, format_full, to_plain, truncate

MAX_NAME_LENGTH = 60
# Circles on a page of the preview.
PAGE_SIZE = 10
_MAX_REASONS = 6
RULES = (
    "Whatever you share here stays here.",
    "Everyone gets a turn.",
    "Questions come before advice.",
    "If you miss a meeting, say so.",
)


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


def _short(mrkdwn: str, limit: int = MAX_NAME_LENGTH) -> str:
    return truncate(to_plain(mrkdwn), limit)


def _title(season: SeasonText) -> str:
    """Return the plain title of a season: its theme, or "Circles of" its program."""
    if season.theme:
        return _short(season.theme, MAX_THEME)
    return f"Circles of {_short(season.program)}"


def _shape(season: SeasonText) -> str:
    weeks = (
        "every week"
        if season.weeks_between == 1
        else f"every {season.weeks_between} weeks"
    )
    if season.is_in_writing:
        return f"{season.meetings} meetings in writing, {weeks}"
    return f"{season.meetings} meetings, {weeks}, {season.minutes} minutes each"


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def season_lines(season: SeasonText, zone: ZoneInfo) -> list[Block]:
    """Build the lines that tell what a season is, for a reader in `zone`."""
    facts = [f"{_shape(season)}, from {_day(season.starts_on)} on."]
    if season.language:
        facts.append(f"Language: {_short(season.language, MAX_LANGUAGE)}.")
    return [
        rich_text.inline(bold(_title(season))),
        context_line(f"{_short(season.program)} · {' '.join(facts)}"),
        rich_text.context_line(
            "Five to seven people. Sign up until ",
            date_token(season.signup_ends_at, zone),
            ".",
        ),
    ]


# The list


def circle_list(
    circles: Sequence[CircleRow],
    seasons: Sequence[SeasonRow],
    *,
    zone: ZoneInfo,
    may_open: bool,
) -> View:
    """Build the page of a person's circles, and of the seasons that they see."""
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
    if not circles and not seasons:
        blocks.append(
            rich_text.inline("There are no circles in your programs at the moment.")
        )
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
    about = _short(circle.theme, MAX_THEME) or _short(circle.program)
    lines: list[Block] = [
        rich_text.inline(bold(f"Your circle: {about}")),
        context_line(f"With {name_list(circle.others)}."),
    ]
    if not circle.is_taken:
        return [*lines, button_row(*_place_buttons(circle.id))]
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
        buttons.append(_end_button(season.id))
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


def _end_button(season_id: int) -> ButtonElement:
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


def season_note(season: SeasonText, zone: ZoneInfo) -> Note:
    """Tell a person in the program that they can sign up."""
    return fallback_text(f"Sign up for circles: {_title(season)}."), [
        rich_text.inline("You can sign up for a circle:"),
        *season_lines(season, zone),
        button_row(
            button("Sign up", "circle_sign_up", season.id, style="primary"),
            button("Not for me", "circle_not_for_me", season.id),
        ),
        context_line("You can say no: nobody learns of it, and I don't note it down."),
    ]


def not_for_me() -> Note:
    """Build what replaces the message for a person who said no."""
    return sentence_note(
        "OK. I didn't note that down, and nobody learns of it. Type /backswing circles"
        " if you change your mind."
    )


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


@dataclass(frozen=True, slots=True)
class PreviewCircle:
    """A circle as leads see it: plain names, and reasons in words."""

    number: int
    names: Sequence[str]
    reasons: Sequence[str]
    # The plain names of those who have not answered the invitation yet.
    waiting: int = 0


def formed_note(season: SeasonText, circles: int, people: int) -> Note:
    """Tell a lead that the circles are formed."""
    see = button("See the circles", "circle_preview", f"{season.id}:0")
    if not circles:
        text, blocks = sentence_note(
            f"{_title(season)}: {people} signed up. That is too few for a circle, and I"
            " tell them when you invite."
        )
        return text, [*blocks, button_row(see)]
    noun = "circle is" if circles == 1 else "circles are"
    text, blocks = sentence_note(
        f"{_title(season)}: {circles} {noun} formed of {people} people. Look at them,"
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
    notice: str = "",
) -> View:
    """Build a page of the season's circles for those who run it."""
    blocks: list[Block] = []
    if notice:
        blocks += [rich_text.inline(bold(notice)), DividerBlock()]
    blocks.append(rich_text.inline(bold(_title(season))))
    for circle in circles:
        blocks += [
            DividerBlock(),
            rich_text.inline(
                bold(f"Circle {circle.number}: "), ", ".join(circle.names) or "nobody"
            ),
            *_reason_lines(circle.reasons),
        ]
        if is_invited and circle.waiting:
            blocks.append(context_line(f"{circle.waiting} have not answered yet."))
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


def _reason_lines(reasons: Sequence[str]) -> list[Block]:
    shown = [f"•  {reason}" for reason in reasons[:_MAX_REASONS]]
    return [context_line("\n".join(shown))] if shown else []


def reason_text(reason: Reason, names: Sequence[str]) -> str:
    """Say a reason in a sentence; `names` are those of its members, plain."""
    topics = ", ".join(truncate(topic, 40) for topic in reason.topics)
    match reason.kind:
        case "helps":
            wanting, knowing = names
            return (
                f"{capitalize(wanting)} wants to know more about {topics}."
                f" {capitalize(knowing)} knows it."
            )
        case "shares":
            people = capitalize(name_list(names))
            return f"{people} want to know more about {topics}."
        case _:
            return "You're from different teams."


# The place


def _place_buttons(circle_id: int) -> list[ButtonElement]:
    return [
        button("Take my place", "circle_take", circle_id, style="primary"),
        button("Not this time", "circle_decline", circle_id),
    ]


@dataclass(frozen=True, slots=True)
class Offer:
    """A place in a circle; the names of the others are plain."""

    circle_id: int
    season: SeasonText
    others: Sequence[str]
    reasons: Sequence[str]
    # The time by which the place must be taken.
    until: datetime


def place_note(offer: Offer, zone: ZoneInfo) -> Note:
    """Offer a place in a circle to a reader in `zone`."""
    season, others = offer.season, offer.others
    text = f"There is a place for you in a circle: {_title(season)}."
    small = (
        [context_line("This time it is a small circle: so many people signed up.")]
        if len(others) < 4  # noqa: PLR2004 - the usual circles have five or more
        else []
    )
    return fallback_text(text), [
        rich_text.inline(bold(text)),
        rich_text.inline(f"With {', '.join(others)}."),
        *_reason_lines(offer.reasons),
        context_line(f"{_shape(season)}, from {_day(season.starts_on)} on."),
        *small,
        rich_text.context_line(
            "Your place is kept until ",
            date_token(offer.until, zone),
            ". Nobody learns of a no.",
        ),
        button_row(*_place_buttons(offer.circle_id)),
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


def declined() -> Note:
    """Build what replaces the offer when the person gave the place back."""
    return sentence_note("OK, not this time. Nobody learns of it.")


def none_note(season: SeasonText, *, is_too_few: bool) -> Note:
    """Tell a person who signed up that there is no circle for them."""
    reason = (
        "Too few people signed up."
        if is_too_few
        else "I found none whose times suit you."
    )
    return sentence_note(
        f"There is no circle for you this time: {_title(season)}. {reason} If a place"
        " comes free that suits you, I write to you. Until then, /ask reaches your"
        " peers at any time."
    )


# The circle


@dataclass(frozen=True, slots=True)
class Mate:
    """A person in a circle, as its members see them; `brings` is mrkdwn."""

    name: str
    brings: str
    has_agreed: bool


@dataclass(frozen=True, slots=True)
class CirclePage:
    """A circle as one of its members sees it; texts are mrkdwn, names plain."""

    id: int
    season: SeasonText
    mates: Sequence[Mate]
    reasons: Sequence[str]
    facilitator: str
    is_facilitator: bool
    # The times of all meetings; none until the facilitator has chosen the first.
    dates: Sequence[datetime]
    has_agreed: bool
    goal: str
    call_link: str
    zone: ZoneInfo
    notice: str = ""


def welcome_note(page: CirclePage) -> Note:
    """Introduce the people of a circle to one of them."""
    count = len(page.mates)
    text = f"Your circle is complete: you {count}."
    return fallback_text(text), [
        rich_text.inline(bold(text)),
        rich_text.inline(", ".join(mate.name for mate in page.mates), "."),
        *_reason_lines(page.reasons),
        rich_text.inline(_first_step(page)),
        *_rule_lines(),
        button_row(*_main_buttons(page)),
    ]


def _first_step(page: CirclePage) -> str:
    if page.season.is_in_writing:
        return f"You meet in writing. {capitalize(page.facilitator)} goes first."
    if page.is_facilitator:
        return (
            "You run the first meeting. Choose one of the times at which all of you"
            " can meet."
        )
    return f"{capitalize(page.facilitator)} runs the first meeting and chooses a time."


def _rule_lines() -> list[Block]:
    lines = "\n".join(f"•  {rule}" for rule in RULES)
    return [rich_text.inline(bold("What you agree on"), "\n", lines)]


def _main_buttons(page: CirclePage) -> list[InteractiveElement]:
    buttons: list[InteractiveElement] = []
    if not page.has_agreed:
        buttons.append(button("I agree", "circle_agree", page.id, style="primary"))
    if page.is_facilitator and not page.dates and not page.season.is_in_writing:
        buttons.append(button("Choose a time", "circle_change", page.id))
    return [*buttons, button("See your circle", "circle_see", page.id)]


def circle_page(page: CirclePage) -> View:
    """Build the page of a circle, which only its members see."""
    blocks: list[Block] = []
    if page.notice:
        blocks += [rich_text.inline(bold(page.notice)), DividerBlock()]
    blocks.append(rich_text.inline(bold(_title(page.season))))
    if page.goal:
        blocks.append(rich_text.user_text(page.goal, limit=MAX_GOAL, max_elements=8))
    for mate in page.mates:
        blocks.append(_mate_line(mate))
    blocks += [*_reason_lines(page.reasons), DividerBlock(), *_rule_lines()]
    missing = [mate.name for mate in page.mates if not mate.has_agreed]
    agreement = f"Not yet: {name_list(missing)}." if missing else "All of you agreed."
    blocks += [context_line(agreement), DividerBlock(), *_time_lines(page)]
    if page.call_link:
        shown = truncate(page.call_link, 60)
        blocks.append(rich_text.context_line("Call: ", link(page.call_link, shown)))
    blocks += [
        button_row(*_page_buttons(page)),
        context_line(
            "Only your circle sees this page. Those who run the server or the workspace"
            " could technically read it."
        ),
    ]
    return View(
        type="modal",
        callback_id="circle",
        title="Your circle",
        close="Close",
        private_metadata=json.dumps({"circle": page.id}),
        blocks=blocks,
    )


def _mate_line(mate: Mate) -> Block:
    parts: list[Part] = [bold(mate.name)]
    if mate.brings:
        brings = rich_text.tokens(mate.brings, limit=MAX_BRINGS, max_elements=4)
        parts += [": ", *brings]
    return rich_text.inline(*parts)


def _time_lines(page: CirclePage) -> list[Block]:
    if page.season.is_in_writing or not page.dates:
        return [context_line(_first_step(page))]
    runs = "You run" if page.is_facilitator else f"{capitalize(page.facilitator)} runs"
    shown = "\n".join(f"•  {format_full(at, page.zone)}" for at in page.dates)
    return [
        context_line(f"{runs} the next meeting."),
        rich_text.inline(bold("Your meetings"), "\n", shown),
    ]


def _page_buttons(page: CirclePage) -> list[InteractiveElement]:
    buttons: list[InteractiveElement] = []
    if not page.has_agreed:
        buttons.append(button("I agree", "circle_agree", page.id, style="primary"))
    change = (
        "Choose a time" if page.is_facilitator and not page.dates else "Goal and call"
    )
    if page.season.is_in_writing:
        change = "Goal"
    buttons.append(button(change, "circle_change", page.id))
    if page.dates:
        buttons.append(button("Calendar file", "circle_calendar", page.id))
    leave = ButtonElement(
        text="Leave",
        action_id="circle_leave",
        value=str(page.id),
        confirm=ConfirmObject(
            title="Leave your circle?",
            text=PlainTextObject(
                text="The others learn that you left, without a reason."
            ),
            confirm="Leave",
            deny="Stay",
        ),
    )
    return [*buttons, leave]


def left() -> View:
    """Build the page of a person who left their circle."""
    return message_modal(
        "You left", "You left your circle. The others learn that you left, not why."
    )


def left_note(names: Sequence[str], remaining: int) -> Note:
    """Tell a member of a circle which others left; names are plain."""
    verb = "has" if len(names) == 1 else "have"
    return sentence_note(
        f"{capitalize(name_list(names))} {verb} left your circle. You are"
        f" {remaining} now, and you stay together."
    )


def calendar_comment(season: SeasonText, first: datetime, zone: ZoneInfo) -> str:
    """Return the text beside the calendar file, as mrkdwn."""
    return escape(
        f"{_title(season)}: your circle first meets on {format_full(first, zone)}. Open"
        " the file to put all meetings into your calendar."
    )


def calendar_title(season: SeasonText) -> str:
    """Return the plain title of each event in a calendar."""
    return f"Circle: {_title(season)}"


# Merges


@dataclass(frozen=True, slots=True)
class MergeText:
    """The question whether two circles merge, for one reader; names are plain."""

    merge_id: int
    is_small: bool
    # The number of people in the small circle.
    remaining: int
    # Those who would move to the small circle, without the reader.
    moving: Sequence[str]
    is_moving: bool
    # The others of the circle in which the reader would be.
    together: Sequence[str]
    until: datetime


def merge_question(merge: MergeText, zone: ZoneInfo) -> Note:
    """Ask a person whether their circle and another one merge."""
    text = _merge_sentence(merge)
    return fallback_text(text), [
        rich_text.inline(text),
        rich_text.inline(f"You would be with {', '.join(merge.together)}."),
        button_row(
            button("Yes", "circle_merge_yes", merge.merge_id, style="primary"),
            button("No", "circle_merge_no", merge.merge_id),
        ),
        rich_text.context_line(
            "Both circles decide until ",
            date_token(merge.until, zone),
            ". Nobody sees your answer.",
        ),
    ]


def _merge_sentence(merge: MergeText) -> str:
    people = "1 person" if merge.remaining == 1 else f"{merge.remaining} people"
    if merge.is_small:
        if merge.moving:
            movers = name_list(merge.moving)
            return f"Your circle has {people} left. {movers} could join you."
        return f"Your circle has {people} left. It could join another one."
    if merge.is_moving:
        return f"Another circle has only {people} left. Would you move to it?"
    if merge.moving:
        movers = name_list(merge.moving)
        return f"Another circle has only {people} left. {movers} would move to it."
    return f"Another circle has only {people} left. It could join yours."


def merge_answered(*, is_yes: bool) -> Note:
    """Build what replaces the question."""
    return sentence_note(
        "You said yes. If both circles want it, I introduce you to each other."
        if is_yes
        else "You said no. Nobody sees that."
    )
