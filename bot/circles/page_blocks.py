"""A circle's page and its first message. Pure."""

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
    InteractiveElement,
    PlainTextObject,
)
from slack_sdk.models.views import View

from bot.circles.format_blocks import format_line
from bot.circles.formats import Format
from bot.circles.preview_blocks import reason_lines
from bot.circles.rules import MAX_BRINGS, MAX_GOAL
from bot.circles.season_blocks import SeasonText, title
from bot.circles.started_blocks import places_text
from bot.circles.vote_blocks import break_text, thaw_button
from bot.matching.circles import STAYS
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
from bot.slack.rich_text import Part, bold, channel_mention, fallback_text, link
from bot.slack.text import capitalize, format_full, truncate

RULES = (
    "Whatever you share here stays here.",
    "Everyone gets a turn.",
    "Questions come before advice.",
    "If you miss a meeting, say so.",
)


def rule_list() -> str:
    """Return the rules that people in a circle agree on, one in each line."""
    return "\n".join(f"•  {rule}" for rule in RULES)


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
    reasons: Sequence[Sequence[Part]]
    facilitator: str
    is_facilitator: bool
    # False until all have answered the invitation.
    is_introduced: bool
    may_choose_time: bool
    # The times of all meetings; none until the facilitator has chosen the first.
    dates: Sequence[datetime]
    has_agreed: bool
    goal: str
    call_link: str
    zone: ZoneInfo
    notice: str = ""
    next_meeting: datetime | None = None
    next_format: Format | None = None
    # The id of the next meeting, if the circle can still move it.
    movable: int | None = None
    # Those of a circle that a member started.
    free_places: int = 0
    # The last day of its break, while it has one.
    back_until: date | None = None
    # True while it looks for another time.
    wants_time: bool = False
    may_break: bool = False
    # Slack's id of its channel; empty without one.
    channel: str = ""


def welcome_note(page: CirclePage) -> Note:
    """Introduce the people of a circle to one of them."""
    count = len(page.mates)
    is_complete = page.season.places is None
    state = "is complete" if is_complete else "has enough people"
    text = f"Your circle {state}: {count}."
    return fallback_text(text), [
        rich_text.inline(bold(text)),
        rich_text.inline(", ".join(mate.name for mate in page.mates), "."),
        *reason_lines(page.reasons),
        rich_text.inline(_first_step(page)),
        *_rule_lines(),
        button_row(*_main_buttons(page)),
    ]


def _first_step(page: CirclePage) -> str:
    if page.season.is_in_writing:
        return "You meet in writing. I write to you when your first week begins."
    if page.next_meeting is not None:
        is_first = page.next_meeting == page.dates[0]
        word = "first" if is_first else "next"
        return f"You {word} meet on {format_full(page.next_meeting, page.zone)}."
    if not page.is_introduced:
        return "When all have answered, one of you chooses a time."
    if page.may_choose_time and not page.is_facilitator:
        return (
            "You have no time yet. Anyone of you can choose one of the times at which"
            " all of you can meet."
        )
    if page.is_facilitator:
        return (
            "You run the first meeting. Choose one of the times at which all of you"
            " can meet."
        )
    return f"{capitalize(page.facilitator)} runs the first meeting and chooses a time."


def _rule_lines() -> list[Block]:
    return [rich_text.inline(bold("What you agree on"), "\n", rule_list())]


def _main_buttons(page: CirclePage) -> list[InteractiveElement]:
    buttons: list[InteractiveElement] = []
    if not page.has_agreed:
        buttons.append(button("I agree", "circle_agree", page.id, style="primary"))
    if page.may_choose_time and not page.dates:
        buttons.append(button("Choose a time", "circle_change", page.id))
    return [*buttons, button("See your circle", "circle_see", page.id)]


def circle_page(page: CirclePage) -> View:
    """Build the page of a circle, which only its members see."""
    blocks: list[Block] = []
    if page.notice:
        blocks += [rich_text.inline(bold(page.notice)), DividerBlock()]
    blocks.append(rich_text.inline(bold(title(page.season))))
    if page.back_until is not None:
        text = f"❄ Your circle has a break. {break_text(page.back_until)}"
        blocks.append(rich_text.inline(text))
    if page.goal:
        blocks.append(rich_text.user_text(page.goal, limit=MAX_GOAL, max_elements=8))
    for mate in page.mates:
        blocks.append(_mate_line(mate))
    if page.season.places is not None:
        free = places_text(page.free_places, page.season.places)
        begins = f" The circle begins with {STAYS} people." * (not page.is_introduced)
        blocks.append(context_line(f"{free}{begins}"))
    blocks += [*reason_lines(page.reasons), DividerBlock(), *_rule_lines()]
    missing = [mate.name for mate in page.mates if not mate.has_agreed]
    agreement = (
        f"Not agreed yet: {name_list(missing)}." if missing else "All of you agreed."
    )
    blocks += [context_line(agreement), DividerBlock(), *_time_lines(page)]
    if page.channel:
        place = channel_mention(page.channel, "")
        blocks.append(rich_text.context_line("You talk in ", place, "."))
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
    if page.back_until is not None:
        return []
    if page.season.is_in_writing or not page.dates:
        return [context_line(_first_step(page))]
    runs = "You run" if page.is_facilitator else f"{capitalize(page.facilitator)} runs"
    shown = "\n".join(f"•  {format_full(at, page.zone)}" for at in page.dates)
    lines = [context_line(f"{runs} the next meeting.")]
    if page.next_format is not None:
        lines.append(context_line(format_line(page.next_format)))
    return [
        *lines,
        rich_text.inline(bold("Your meetings"), "\n", shown),
    ]


def _page_buttons(page: CirclePage) -> list[InteractiveElement]:
    if page.back_until is not None:
        return [thaw_button(page.id), _leave_button(page)]
    buttons: list[InteractiveElement] = []
    if not page.has_agreed:
        buttons.append(button("I agree", "circle_agree", page.id, style="primary"))
    has_time = bool(page.dates) and not page.wants_time
    change = (
        "Choose a time" if page.may_choose_time and not has_time else "Goal and call"
    )
    if page.season.is_in_writing:
        change = "Goal"
    buttons.append(button(change, "circle_change", page.id))
    if page.dates:
        buttons.append(button("Calendar file", "circle_calendar", page.id))
    if page.movable is not None:
        buttons.append(move_button(page.movable))
    if page.may_break:
        buttons.append(_break_button(page))
    return [*buttons, _leave_button(page)]


def _break_button(page: CirclePage) -> ButtonElement:
    text = (
        "I ask the others, without your name. If half of you say yes, I write nothing"
        " until one of you brings the circle back, for at most 12 weeks."
    )
    return ButtonElement(
        text="Take a break",
        action_id="circle_break",
        value=str(page.id),
        confirm=ConfirmObject(
            title="A break for all of you?",
            text=PlainTextObject(text=text),
            confirm="Ask them",
            deny="Not now",
        ),
    )


def _leave_button(page: CirclePage) -> ButtonElement:
    return ButtonElement(
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


def move_button(meeting_id: int) -> ButtonElement:
    return button("Move the next meeting", "meeting_move", f"{meeting_id}:0:0")


def time_note(page: CirclePage) -> Note:
    """Tell a member of a circle without a time that anyone may choose it."""
    text = "Your circle has no time yet. Anyone of you can choose it now."
    return fallback_text(text), [
        rich_text.inline(text),
        button_row(
            button("Choose a time", "circle_change", page.id, style="primary"),
            button("See your circle", "circle_see", page.id),
        ),
    ]


def joined_note(names: Sequence[str], count: int) -> Note:
    """Tell a member of a circle who joined it; names are plain."""
    return sentence_note(
        f"{capitalize(name_list(names))} joined your circle. You are {count} now."
    )


def ended_note(circle_id: int, season: SeasonText, others: Sequence[str]) -> Note:
    """Ask a member the last questions when their circle ends; names are plain."""
    text = f"Your circle has ended: {title(season)}."
    return fallback_text(text), [
        rich_text.inline(bold(text)),
        *([rich_text.inline(f"You were with {name_list(others)}.")] if others else []),
        rich_text.inline(
            "What did you get from it? What did you give? What comes next for you? You"
            " can tell each other; I store nothing of it."
        ),
        button_row(
            button("Again with these people", "circle_again", circle_id),
            button("With new people", "circle_new_people", circle_id),
            button("Enough", "circle_enough", circle_id),
        ),
        context_line("Nobody learns which you press, until you start a circle."),
    ]


def enough() -> Note:
    """Build what replaces the last questions for a person who wants no more."""
    return sentence_note("Thank you for being part of it.")


def left() -> View:
    """Build the page of a person who left their circle."""
    return message_modal(
        "You left", "You left your circle. The others learn that you left, not why."
    )


def left_note(names: Sequence[str], remaining: int) -> Note:
    """Tell a member of a circle which others left; names are plain."""
    text = f"{capitalize(name_list(names))} can't come to your circle from now on."
    if remaining >= STAYS:
        text += f" You are {remaining} now, and you stay together."
    return sentence_note(text)
