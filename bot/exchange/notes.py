"""The messages to members about their exchanges. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
)

from bot.exchange.forms import EITHER_CAN_END, format_date, often
from bot.exchange.rules import Answer, First, Midpoint, State
from bot.people.blocks import SuggestedTime, end_button, times_line
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    note_with_buttons,
    sentence_note,
)
from bot.slack.rich_text import Part

DIDNT_WORK_OUT = "It didn't work out this time."
NOT_AGAIN = "I won't propose you two to each other for a year."


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a peer; the name is plain."""

    exchange_id: int
    asker: str
    hours_a_month: int
    reasons: Sequence[Sequence[Part]]


def answer_buttons(exchange_id: int, *more: ButtonElement) -> Block:
    return button_row(
        button("Yes", "exchange_yes", exchange_id, style="primary"),
        button("Not now", "exchange_not_now", exchange_id),
        button("Not this", "exchange_not_this", exchange_id),
        *more,
    )


def question(view: Question) -> Note:
    """Ask a peer whether they want an exchange."""
    text, blocks = sentence_note(f"{view.asker} would like to learn together with you.")
    hours = "an hour" if view.hours_a_month == 1 else f"{view.hours_a_month} hours"
    return text, [
        *blocks,
        *(rich_text.inline(*reason) for reason in view.reasons),
        rich_text.inline(
            f"{view.asker} has about {hours} a month for it. After a yes you two write"
            " down what each hopes to learn. It begins when both agree."
        ),
        answer_buttons(
            view.exchange_id,
            button("Stop asking me", "exchange_stop", view.exchange_id),
        ),
        context_line(
            f"{view.asker} never learns of a no, only that it didn't work out this"
            " time. It's the same if you don't answer."
        ),
    ]


def question_status(
    exchange_id: int, asker: str, answer: str | None, state: State
) -> Note:
    """Build what stands in place of a question after an answer."""
    if state in {State.DRAFT, State.RUNNING}:
        return begun(exchange_id, asker)
    again = button("You may propose us again", "exchange_not_now", exchange_id)
    if state is State.ENDED:
        text = f"{DIDNT_WORK_OUT} The question is over."
        if answer == Answer.NOT_THIS:
            return note_with_buttons(f"{text} {NOT_AGAIN}", again)
        return sentence_note(text)
    if answer == Answer.YES:
        return sentence_note(f"{DIDNT_WORK_OUT} {asker} can't begin an exchange now.")
    text = f"All right. {asker} learns only that it didn't work out this time."
    buttons = [button("Yes, after all", "exchange_yes", exchange_id)]
    if answer == Answer.NOT_THIS:
        return note_with_buttons(f"{text} {NOT_AGAIN}", *buttons, again)
    return note_with_buttons(text, *buttons)


def asked(peer: str) -> str:
    """Return the text after a question was sent."""
    return (
        f"I ask {peer} and say why. If it doesn't work out, I tell you that in ten days"
        " or so. You can take the question back on your Home tab."
    )


def taken_back() -> Note:
    return sentence_note("You took the question back. You can ask someone else.")


def not_this_time(peer: str) -> Note:
    return note_with_buttons(
        f"It didn't work out with {peer} this time. You can ask someone else.",
        button("See people", "exchange_people", "exchange"),
    )


def begun(exchange_id: int, other: str) -> Note:
    """Tell a member that the exchange begins with an agreement."""
    return note_with_buttons(
        f"You and {other} can learn together. First write down what each of you hopes"
        " to learn and brings. Either of you can begin.",
        button("Our agreement", "exchange_see", exchange_id, style="primary"),
    )


def draft(exchange_id: int, other: str, *, has_other_agreed: bool) -> Note:
    """Tell a member that the other wrote the agreement, or agreed to it."""
    text = f"{other} wrote in your agreement. Read it, change it, or agree."
    if has_other_agreed:
        text = f"{other} agrees. Your exchange begins when you agree, too."
    return note_with_buttons(
        text, button("Our agreement", "exchange_see", exchange_id, style="primary")
    )


def draft_reminder(exchange_id: int, other: str) -> Note:
    return note_with_buttons(
        f"Your agreement with {other} is not finished. The exchange begins when you"
        " both agree.",
        button("Our agreement", "exchange_see", exchange_id, style="primary"),
        hint="I remind you only once.",
    )


def agreed(
    exchange_id: int,
    other: str,
    weeks_between: int,
    until: date,
    times: Sequence[SuggestedTime],
) -> Note:
    text, blocks = sentence_note(
        f"You and {other} have agreed. You meet {often(weeks_between)}, until"
        f" {format_date(until)}. Find a time for the first meeting."
    )
    see = button("Our agreement", "exchange_see", exchange_id)
    return text, [*blocks, *times_line(times, is_pair=True), button_row(see)]


def meeting(exchange_id: int, other: str, number: int) -> Note:
    """Remind a member of a meeting, as often as they agreed."""
    return note_with_buttons(
        f"Meeting {number} with {other}: do you two have a time in the next days?",
        button("Our agreement", "exchange_see", exchange_id),
        end_button("exchange_end", exchange_id, other),
    )


def first_question(exchange_id: int, other: str, *, is_asked_again: bool) -> Note:
    """Ask a member about the first meeting."""
    buttons = [
        button("Good", "exchange_first_good", exchange_id),
        button("Not sure", "exchange_first_not_sure", exchange_id),
        button("Not for me", "exchange_first_not_for_me", exchange_id),
    ]
    if not is_asked_again:
        buttons.append(button("We haven't met", "exchange_first_later", exchange_id))
    return note_with_buttons(
        f"How was your first meeting with {other}?",
        *buttons,
        hint=f"Only you see your answer. After “Not for me” the exchange ends, and"
        f" {other} learns only that it has ended.",
    )


def first_answer(other: str, choice: First) -> Note:
    match choice:
        case First.GOOD:
            return sentence_note(f"Good to hear. Enjoy the next meetings with {other}.")
        case First.NOT_SURE:
            return sentence_note(
                "Thank you. Say at the next meeting what you need. You can end the"
                " exchange at any time, on your Home tab."
            )
        case First.NOT_FOR_ME:
            return sentence_note(
                f"All right, the exchange has ended. {other} learns only that."
            )


def first_later(other: str) -> Note:
    return sentence_note(f"All right. I ask again in a week about {other} and you.")


def midpoint_question(exchange_id: int, other: str, until: date) -> Note:
    """Ask a member in the middle of a period, which goes until a day."""
    value = f"{exchange_id}:{until}"
    return note_with_buttons(
        f"You're halfway through with {other}. Is it what you hoped for?",
        button("Yes", "exchange_midpoint_good", value),
        button("Something should change", "exchange_midpoint_change", value),
        button("Our agreement", "exchange_see", exchange_id),
        hint="Only you see your answer.",
    )


def midpoint_answer(choice: Midpoint) -> Note:
    if choice is Midpoint.GOOD:
        return sentence_note("Good to hear. On to the second half.")
    return sentence_note(
        "Thank you. Begin your next meeting with it: each says one thing to change."
    )


def _look_button(exchange_id: int) -> ButtonElement:
    return button("Look back", "exchange_look", exchange_id, style="primary")


def last_question(exchange_id: int, other: str, until: date) -> Note:
    """Ask a member near the end what they got and gave."""
    return note_with_buttons(
        f"Your exchange with {other} goes until {format_date(until)}. What did you get,"
        " and what did you give?",
        _look_button(exchange_id),
        hint="Nobody else sees what you write. If you both choose to go on, you do.",
    )


def looked_back(other: str, *, goes_on: bool | None) -> Note:
    """Build what a member sees after they looked back."""
    text = "Saved. Nobody else sees it."
    if goes_on:
        text += f" If {other} wants to go on, too, I tell you both."
    return sentence_note(text)


def extended(exchange_id: int, other: str, until: date) -> Note:
    return note_with_buttons(
        f"You and {other} both want to go on. Your exchange goes until"
        f" {format_date(until)} now.",
        button("Our agreement", "exchange_see", exchange_id),
    )


def ended_early(exchange_id: int, other: str, *, was_agreed: bool) -> Note:
    """Tell a member kindly that the exchange has ended, without a reason."""
    text = (
        f"Your exchange with {other} has ended, as either of you could end it at any"
        " time. No reason is asked or given. Thank you for what you gave."
    )
    buttons = [_look_button(exchange_id)] if was_agreed else []
    return note_with_buttons(
        text, *buttons, button("See people", "exchange_people", "exchange")
    )


def ended(exchange_id: int, other: str) -> Note:
    return note_with_buttons(
        f"Your exchange with {other} is over, as you agreed. Thank you both for what"
        " you gave.",
        _look_button(exchange_id),
        button("See people", "exchange_people", "exchange"),
    )


def never_agreed(other: str, *, is_news: bool) -> Note:
    """Tell a member that a draft has ended; `is_news`: they never read of the yes."""
    text = f"You and {other} didn't agree within four weeks, so this exchange is over."
    if is_news:
        text = (
            f"{other} said yes while you were away. You two didn't agree in time, so"
            " this exchange is over."
        )
    return note_with_buttons(
        f"{text} You can begin another one.",
        button("See people", "exchange_people", "exchange"),
    )


def you_ended(other: str) -> Note:
    return sentence_note(
        f"Your exchange with {other} has ended. They learn only that. {EITHER_CAN_END}"
    )


def stopped() -> Note:
    return sentence_note(
        "You're no longer open to a new exchange. Those that have begun go on."
    )
