"""Exchanges on the Home tab and in modals. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from slack_sdk.models.blocks import (
    Block,
    DividerBlock,
    HeaderBlock,
)
from slack_sdk.models.views import View

from bot.exchange import rules
from bot.exchange.forms import (
    EITHER_CAN_END,
    AgreementText,
    format_date,
    often,
    shared_lines,
)
from bot.exchange.notes import answer_buttons
from bot.exchange.rules import State
from bot.home.row_blocks import RowList
from bot.people.blocks import SuggestedTime, end_button, times_line
from bot.programs.rules import MIN_PEOPLE
from bot.slack import rich_text
from bot.slack.blocks import button, button_row, context_line, message_modal
from bot.slack.rich_text import Part, bold
from bot.slack.text import truncate

_MAX_HOME_EXCHANGES = 8
# Slack's limit for the text of a button.
_MAX_BUTTON = 75


@dataclass(frozen=True, slots=True)
class HomeExchange:
    """An exchange or a question on the Home tab; `other` is a plain name."""

    exchange_id: int
    other: str
    state: State
    # True if the reader asked, while it is a question.
    is_asker: bool = False
    weeks_between: int = 2
    until: date | None = None
    # The reader's own text, mrkdwn.
    hopes: str = ""
    has_agreed: bool = False
    # True if the reader has said what they got.
    has_looked_back: bool = False


@dataclass(frozen=True, slots=True)
class HomeView:
    # False if there are only the exchanges to show.
    can_take_part: bool
    is_in: bool
    # The number of people who are open to an exchange, if they are still too few.
    few_people: int | None
    # True if the member can ask someone now.
    can_ask: bool
    exchanges: Sequence[HomeExchange]


def home(view: HomeView) -> RowList:
    """Build the section of the Home tab."""
    rows = [_home_exchange(each) for each in view.exchanges[:_MAX_HOME_EXCHANGES]]
    header = HeaderBlock(text="Learn together")
    if not view.can_take_part:
        return RowList([header], rows)
    start = button("Learn together", "exchange_join", "exchange", style="primary")
    waiting = []
    if view.few_people is not None:
        people = {0: "nobody is", 1: "1 person is"}.get(
            view.few_people, f"{view.few_people} are"
        )
        waiting.append(
            context_line(
                f"It begins when {MIN_PEOPLE} people of your program are open to it."
                f" So far {people}."
            )
        )
    if not view.is_in:
        rows.append(
            [
                rich_text.inline(
                    "Learn from a peer who wants to learn from you: six meetings in"
                    " twelve weeks, with an agreement between you two."
                ),
                button_row(start),
                *waiting,
            ]
        )
    else:
        buttons = [
            button("What I want and give", "exchange_join", "exchange"),
            button("Stop", "exchange_stop", "exchange"),
        ]
        if view.can_ask and view.few_people is None:
            people_button = button(
                "See people", "exchange_people", "exchange", style="primary"
            )
            buttons = [people_button, *buttons]
        rows.append(
            [
                rich_text.inline("You're open to an exchange. Others may ask you."),
                button_row(*buttons),
                *waiting,
            ]
        )
    return RowList([header], rows)


def _home_exchange(view: HomeExchange) -> Sequence[Block]:
    see = button("Our agreement", "exchange_see", view.exchange_id)
    match view.state:
        case State.ASKED if view.is_asker:
            return [
                rich_text.inline(f"You asked {view.other}. I tell you how it goes."),
                button_row(
                    button("Take it back", "exchange_take_back", view.exchange_id)
                ),
            ]
        case State.ASKED:
            return [
                rich_text.inline(
                    f"{view.other} would like to learn together with you."
                ),
                answer_buttons(view.exchange_id),
            ]
        case State.DRAFT:
            text = "Write your agreement."
            if view.has_agreed:
                text = f"You have agreed; {view.other} not yet."
            return [
                rich_text.inline(bold(f"You and {view.other}: "), text),
                button_row(
                    see, end_button("exchange_end", view.exchange_id, view.other)
                ),
            ]
        case State.RUNNING:
            until = format_date(view.until) if view.until else ""
            return [
                rich_text.inline(
                    bold(f"You and {view.other}: "),
                    f"{often(view.weeks_between)}, until {until}.",
                ),
                rich_text.user_text(
                    view.hopes, limit=200, prefix=["You hope to learn: "]
                ),
                button_row(
                    see, end_button("exchange_end", view.exchange_id, view.other)
                ),
            ]
        case State.ENDED:
            label = "Change what I got" if view.has_looked_back else "Look back"
            return [
                rich_text.inline(f"Your exchange with {view.other} is over."),
                button_row(button(label, "exchange_look", view.exchange_id)),
            ]


# Proposals


@dataclass(frozen=True, slots=True)
class ProposedPerson:
    """A person in the list of proposals; the name is plain."""

    id: str
    name: str
    hours_a_month: int
    reasons: Sequence[Sequence[Part]]


def proposed(people: Sequence[ProposedPerson], *, few_people: int | None) -> View:
    """Build the list of people to learn together with."""
    if few_people is not None:
        return message_modal(
            "Learn together",
            f"You're in. I show you people when {MIN_PEOPLE} people of your program are"
            f" open to an exchange. Now it's {few_people}.",
        )
    if not people:
        return message_modal(
            "Learn together",
            "You're in. Right now there is nobody who wants what you know, and knows"
            " what you want. Others may ask you. Look again some time, or add topics.",
        )
    blocks: list[Block] = []
    for person in people:
        hours = (
            "an hour" if person.hours_a_month == 1 else f"{person.hours_a_month} hours"
        )
        blocks += [
            DividerBlock(),
            rich_text.inline(bold(person.name), f" has about {hours} a month"),
            *(rich_text.inline(*reason) for reason in person.reasons),
            button_row(
                button(
                    truncate(f"Ask {person.name}", _MAX_BUTTON),
                    "exchange_ask",
                    person.id,
                    style="primary",
                )
            ),
        ]
    return message_modal(
        "Learn together",
        "These people want something that you know, and know something that you want."
        " Whom shall I ask?",
        *blocks,
        context_line(
            "I ask in private, and say why. You can ask one person at a time."
        ),
    )


# The agreement


@dataclass(frozen=True, slots=True)
class Page:
    """An agreement as one of the two sees it; names are plain, texts mrkdwn."""

    exchange_id: int
    version: int
    other: str
    state: State
    text: AgreementText
    is_written: bool
    is_complete: bool
    their_hopes: str = ""
    their_brings: str = ""
    has_agreed: bool = False
    has_other_agreed: bool = False
    # For the first meeting.
    times: Sequence[SuggestedTime] = ()
    notice: str = ""


def page(view: Page) -> View:
    """Build the page of an agreement."""
    blocks: list[Block] = []
    for label, written in (
        ("You hope to learn: ", view.text.hopes),
        ("You bring: ", view.text.brings),
        (f"{view.other} hopes to learn: ", view.their_hopes),
        (f"{view.other} brings: ", view.their_brings),
    ):
        if written:
            blocks.append(
                rich_text.user_text(written, limit=rules.MAX_TEXT, prefix=[bold(label)])
            )
    if view.is_written:
        blocks += shared_lines(view.text)
    blocks += times_line(view.times, is_pair=True)
    blocks.append(rich_text.inline(bold("How we end: "), EITHER_CAN_END))
    buttons = []
    if view.state is State.DRAFT:
        if view.is_complete and not view.has_agreed:
            value = f"{view.exchange_id}:{view.version}"
            buttons.append(button("Agreed", "exchange_agree", value, style="primary"))
        label = "Change it" if view.is_written else "Write it"
        buttons.append(button(label, "exchange_change", view.exchange_id))
    if view.state in {State.DRAFT, State.RUNNING}:
        buttons.append(end_button("exchange_end", view.exchange_id, view.other))
    if buttons:
        blocks.append(button_row(*buttons))
    blocks.append(context_line(_status(view)))
    text = view.notice or f"*Your exchange with {_escaped(view.other)}*"
    return message_modal("Our agreement", text, *blocks)


def _escaped(name: str) -> str:
    return rich_text.fallback_text(name)


def _status(view: Page) -> str:
    if view.state is State.ENDED:
        return "This exchange is over."
    if view.state is State.RUNNING:
        return "You both agreed. Only you two see this."
    if not view.is_complete:
        return (
            "Each of you writes what you hope to learn and what you bring. Then both of"
            " you press Agreed. Only you two see this."
        )
    if view.has_agreed:
        return f"You agreed. It begins when {view.other} agrees, too."
    if view.has_other_agreed:
        return f"{view.other} agreed. A change of yours asks {view.other} again."
    return "It begins when both of you press Agreed. Until then either can change it."


# Leads


def lead_home(count: int) -> RowList:
    """Build the section for leads: a number, and nothing else."""
    text = "1 exchange is" if count == 1 else f"{count} exchanges are"
    return RowList(
        [HeaderBlock(text="Learning together, for you as a lead")],
        [[rich_text.inline(f"{text} going on. Only the two know more.")]],
    )
