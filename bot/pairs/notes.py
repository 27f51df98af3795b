"""The messages to members about their matches. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import ButtonElement

from bot.pairs.introduction_notes import answer_row
from bot.pairs.rules import (
    ASK_AGAIN_AFTER,
    SILENT_ROUNDS,
    Fit,
    State,
)
from bot.programs.rules import MIN_PEOPLE
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    name_list,
    note_with_buttons,
    sentence_note,
)


@dataclass(frozen=True, slots=True)
class Status:
    """A match after the introduction, as one of its members sees it."""

    match_id: int
    # Those whom the reader meets or met, or who can't come.
    names: Sequence[str]
    state: State
    answer: str | None = None
    outcome: str | None = None
    fit: str | None = None
    # True if they were asked again whether they met.
    is_asked_again: bool = False
    # True if a member who can't come can still come back in this round, waits for
    # another person, or has one.
    is_early: bool = False
    is_waiting: bool = False
    has_another: bool = False


def status(view: Status) -> Note:
    """Build what stands in place of a message about a match after an answer."""
    names = name_list(view.names)
    if view.state is State.MET:
        return _met(view, names)
    if view.answer == "cant":
        return _cant(view)
    if view.state is State.CANCELLED:
        return sentence_note(f"{names} can't this time.")
    if view.state is State.OVER:
        return sentence_note(
            f"You won't meet {names} this time. It doesn't count as a meeting, so I may"
            " match you again."
        )
    if view.outcome == "not_yet":
        days = ASK_AGAIN_AFTER.days
        text = f"You haven't met {names} yet."
        if not view.is_asked_again:
            text += f" I'll ask once more in {days} days."
        return note_with_buttons(
            text, *_outcome_buttons(view.match_id, has_not_yet=False)
        )
    return note_with_buttons(
        f"You have a time with {names}. Enjoy it.",
        button("Can't after all", "pair_cant", view.match_id),
    )


def _cant(view: Status) -> Note:
    stop = button("Stop", "pair_stop", view.match_id)
    if view.has_another:
        return sentence_note("You're in this round again, with another introduction.")
    if view.is_waiting:
        return note_with_buttons(
            "You're in this round again. If someone has nobody to meet, I'll introduce"
            " you.",
            button("Can't this round", "pair_cant", view.match_id),
            stop,
        )
    text = (
        "All right, not this round. I say only that you can't this time. You're in"
        " again next time."
    )
    if not view.is_early:
        return note_with_buttons(text, stop)
    back = button("I can after all", "pair_back", view.match_id)
    return note_with_buttons(text, back, stop)


def _met(view: Status, names: str) -> Note:
    thanks = button("Say thanks", "pair_thank", view.match_id)
    if view.fit == Fit.NO:
        return sentence_note(
            f"I won't match you with {names} again, and nobody learns of it. You can"
            " change that in My settings."
        )
    if view.fit is not None:
        return note_with_buttons(f"You met {names}. Thank you for telling me.", thanks)
    text, blocks = sentence_note(f"You met {names}. Was it a good match?")
    return text, [
        *blocks,
        button_row(
            button("Yes", "pair_fit_yes", view.match_id),
            button("So-so", "pair_fit_so_so", view.match_id),
            button("No", "pair_fit_no", view.match_id),
            thanks,
        ),
        context_line(
            "Only you see your answer. After a no I won't match you with each other"
            " again."
        ),
    ]


def _outcome_buttons(match_id: int, *, has_not_yet: bool) -> Sequence[ButtonElement]:
    buttons = [button("We met", "pair_met", match_id, style="primary")]
    if has_not_yet:
        buttons.append(button("Not yet", "pair_not_yet", match_id))
    return [*buttons, button("It won't happen", "pair_wont", match_id)]


def outcome_question(match_id: int, names: Sequence[str]) -> Note:
    """Ask a member whether they met."""
    return note_with_buttons(
        f"Did you meet {name_list(names)}?",
        *_outcome_buttons(match_id, has_not_yet=True),
    )


def reminder(match_id: int, names: Sequence[str], first_writer: str) -> Note:
    """Remind a member of a match that nobody has answered."""
    people = name_list(names)
    text, blocks = sentence_note(
        f"Do you and {people} have a time for your coffee?"
        f" {f'{first_writer} writes' if first_writer else 'You write'} first."
    )
    return text, [
        *blocks,
        answer_row(match_id, has_stop=True),
        context_line("I remind you only once."),
    ]


def cancelled(
    leavers: Sequence[str], still_met: Sequence[str], *, is_early: bool
) -> Note:
    """Tell a member that others can't come; they still meet the others, if any.

    Someone else may be introduced to them if it is early in the round.
    """
    text = f"{name_list(leavers)} can't this time."
    if still_met:
        return sentence_note(f"{text} You still meet {name_list(still_met)}.")
    if not is_early:
        return sentence_note(f"{text} You come first next time.")
    return sentence_note(
        f"{text} If someone else has nobody to meet in this round, I'll introduce you."
        " Else you come first next time."
    )


def group_cancelled(leavers: Sequence[str]) -> Note:
    """Show in the group of a match, in place of the introduction, that it is over."""
    return sentence_note(f"{name_list(leavers)} can't this time.")


def left_out(*, is_early: bool) -> Note:
    text = "I found nobody for you in this round of peer coffee."
    if not is_early:
        return sentence_note(f"{text} You come first next time.")
    return sentence_note(
        f"{text} If someone becomes free, I'll introduce you. Else you come first next"
        " time."
    )


def paused() -> Note:
    text, blocks = sentence_note(
        f"I heard nothing from you in {SILENT_ROUNDS} rounds of peer coffee, so I've"
        " paused it for you. Nobody else is told."
    )
    return text, [*blocks, button_row(button("Take part again", "pair_join", "coffee"))]


def joined(day: str, few_people: int | None) -> Note:
    """Confirm that a member takes part, as one of `few_people` if it has not begun."""
    text = f"The next round of peer coffee is on {day}."
    if few_people is not None:
        now = "You are the first." if few_people == 1 else f"You are {few_people} now."
        text = (
            f"Peer coffee begins when {MIN_PEOPLE} people of your program take part."
            f" {now}"
        )
    return note_with_buttons(
        f"You're in. {text}",
        button("Stop", "pair_stop", "coffee"),
    )


def stopped() -> Note:
    return note_with_buttons(
        "You no longer take part in peer coffee. Nobody is told; someone you were to"
        " meet learns only that you can't this time.",
        button("Take part again", "pair_join", "coffee"),
    )


def gone() -> Note:
    """Build what stands in place of a match that is no longer stored."""
    return sentence_note("This round of peer coffee is over.")
