"""Questions that the people in a circle decide, and what they decided. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from slack_sdk.models.blocks import ButtonElement, InteractiveElement

from bot.circles.season_blocks import day
from bot.circles.vote_rules import ANSWERS, Answer, Kind
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, sentence_note
from bot.slack.rich_text import date_token, fallback_text
from bot.slack.text import capitalize, format_full

LABELS = {
    Answer.CONTINUE: "Go on",
    Answer.TIME: "Another time",
    Answer.JOIN: "Join another circle",
    Answer.BREAK: "Take a break",
    Answer.END: "End it",
    Answer.YES: "Yes",
    Answer.NO: "No",
}
READS_PAST = "They can then read what was written in your channel."
_BREAK = (
    "In a break I write nothing, and each of you can bring your circle back within 12"
    " weeks, on its page."
)
_RULES = {
    Kind.QUIET: f". Nobody sees your answer. Without any, it has a break. {_BREAK}",
    Kind.BREAK: f". Half of you must say yes. Nobody sees your answer. {_BREAK}",
    Kind.PLACE: (
        ". The yes of half of you is enough, and no answer is a yes. Nobody sees your"
        " answer."
    ),
}


@dataclass(frozen=True, slots=True)
class VoteText:
    """A question for one reader; `name` is the plain name of a newcomer."""

    id: int
    kind: Kind
    until: datetime
    name: str = ""
    # The answers that can't be given, since they would lead to nothing.
    impossible: Sequence[Answer] = ()
    # True if a newcomer can read what was written in the circle's channel.
    shows_past: bool = False


def question(vote: VoteText, zone: ZoneInfo) -> Note:
    """Ask a person in a circle; the reader is in `zone`."""
    text = _question(vote)
    buttons = [
        button(
            LABELS[answer],
            f"circle_vote_{answer}",
            vote.id,
            style="primary" if answer in {Answer.CONTINUE, Answer.YES} else None,
        )
        for answer in ANSWERS[vote.kind]
        if answer not in vote.impossible
    ]
    return fallback_text(text), [
        rich_text.inline(f"{text} {READS_PAST}" if vote.shows_past else text),
        button_row(*buttons),
        rich_text.context_line(
            "You decide until ", date_token(vote.until, zone), _RULES[vote.kind]
        ),
    ]


def _question(vote: VoteText) -> str:
    match vote.kind:
        case Kind.QUIET:
            return (
                "It seems that half of you or more missed the last two meetings of your"
                " circle. How do you go on?"
            )
        case Kind.BREAK:
            return "One of you would like a break for your circle. Do you agree?"
        case Kind.PLACE:
            name = capitalize(vote.name)
            return f"{name} would like a free place in your circle. Do you agree?"


def answered(answer: Answer) -> Note:
    """Build what replaces the question."""
    return sentence_note(f"You said: {LABELS[answer]}. Nobody sees that.")


@dataclass(frozen=True, slots=True)
class ResultText:
    """The decision of a circle, for one reader."""

    circle_id: int
    result: Answer
    # The next meeting, if there is one; and the last day of a break.
    next_meeting: datetime | None = None
    back_until: date | None = None


def decided(result: ResultText, zone: ZoneInfo) -> Note:
    """Tell a person in a circle what they decided together."""
    text = _decided(result, zone)
    buttons: list[InteractiveElement] = []
    if result.result is Answer.TIME:
        change = button("Choose a time", "circle_change", result.circle_id)
        buttons.append(change)
    if result.result in {Answer.BREAK, Answer.YES}:
        buttons.append(thaw_button(result.circle_id))
    buttons.append(button("See your circle", "circle_see", result.circle_id))
    return fallback_text(text), [rich_text.inline(text), button_row(*buttons)]


def _decided(result: ResultText, zone: ZoneInfo) -> str:
    match result.result:
        case Answer.TIME:
            return (
                "Your circle looks for another time. Anyone of you can choose it now."
            )
        case Answer.JOIN:
            return "There is no circle that yours can join. It goes on as it is."
        case Answer.BREAK | Answer.YES:
            return f"Your circle has a break. {break_text(result.back_until)}"
        case Answer.NO:
            return f"Your circle has no break.{_meets(result.next_meeting, zone)}"
        case _:
            return f"Your circle goes on.{_meets(result.next_meeting, zone)}"


def break_text(back_until: date | None) -> str:
    """Tell how long a circle can be brought back."""
    until = f" until {day(back_until)}" if back_until is not None else ""
    return f"I write nothing. Each of you can bring it back{until}."


def _meets(at: datetime | None, zone: ZoneInfo) -> str:
    return f" You next meet on {format_full(at, zone)}." if at is not None else ""


def thaw_button(circle_id: int) -> ButtonElement:
    return button("Bring it back", "circle_thaw", circle_id, style="primary")


def thawed(circle_id: int, next_meeting: datetime | None, zone: ZoneInfo) -> Note:
    """Tell a person that one of their circle brought it back."""
    text = f"One of you brought your circle back.{_meets(next_meeting, zone)}"
    see = button("See your circle", "circle_see", circle_id)
    return fallback_text(text), [rich_text.inline(text), button_row(see)]


def brought_back() -> Note:
    """Build what replaces the message for the person who brought the circle back."""
    return sentence_note("Your circle is back. I tell the others.")


def no_place() -> Note:
    """Tell a person that they don't get a place that they asked for."""
    return sentence_note("That place in a circle is gone.")
