"""The messages to newcomers and their buddies. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
)

from bot.buddies.rules import LOOK_FOR, SILENT_QUESTIONS, WEEKS
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

Sentence = Sequence[Part]

# The value of buttons in the greeting, which stays as it is.
IN_GREETING = "greeting"
VALUE = "buddy"
DIDNT_WORK_OUT = "It didn't work out this time."


# The newcomer


_OFFER = (
    "Would a buddy help? A buddy came some months before you, and meets you once a week"
    f" for {WEEKS} weeks."
)
_HOW = (
    "After a yes I ask people who offered to be a buddy, one at a time. Only they read"
    " your name."
)


def find_button(value: str = VALUE) -> ButtonElement:
    return button("Find me a buddy", "buddy_yes", value, style="primary")


def offer() -> Note:
    """Ask a newcomer whether a buddy would help."""
    return note_with_buttons(
        _OFFER,
        find_button(),
        button("No, thanks", "buddy_no", VALUE),
        hint=f"{_HOW} I ask this only once. It's also on your Home tab, under People.",
    )


def in_greeting() -> list[Block]:
    """Build the same question for the greeting."""
    return [
        rich_text.inline(_OFFER),
        button_row(button("Find me a buddy", "buddy_yes", IN_GREETING)),
        context_line(_HOW),
    ]


def looking(*, is_in_program: bool, needs_people: bool) -> Note:
    """Tell a newcomer that the bot looks for a buddy, or what is missing for it."""
    text = "I'm looking for a buddy for you, and tell you when I've found one."
    if not is_in_program:
        text = (
            "Buddies are for people in a program that has them. Join one: /backswing"
            " program shows them. Then I look for a buddy for you."
        )
    elif needs_people:
        text = "I look for a buddy for you when enough people want buddies."
    return note_with_buttons(text, stop_looking_button())


def stop_looking_button() -> ButtonElement:
    return button("Stop looking", "buddy_no", VALUE)


def refused() -> Note:
    return note_with_buttons(
        "All right, no buddy. You can change your mind.", find_button()
    )


def none_found() -> Note:
    """Tell a newcomer that there was nobody, whatever the reason."""
    return note_with_buttons(
        f"I found no buddy for you in {LOOK_FOR.days // 7} weeks, so I've stopped"
        " looking. Your peers answer all the same.",
        ButtonElement(text="Ask your peers", action_id="home_ask"),
        button("Look again", "buddy_yes", VALUE),
    )


# The buddy


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a possible buddy; the newcomer's name is plain."""

    question_id: int
    newcomer: str
    reasons: Sequence[Sentence]


def answer_buttons(question_id: int) -> Block:
    return button_row(
        button("Yes", "buddy_accept", question_id, style="primary"),
        button("Not now", "buddy_not_now", question_id),
        button("Stop asking me", "buddy_stop", question_id),
    )


def question(view: Question) -> Note:
    """Ask someone who offered it whether they would be a newcomer's buddy."""
    text, blocks = sentence_note(
        f"{view.newcomer} is new here and would like a buddy. Would you be the one?"
    )
    return text, [
        *blocks,
        *(rich_text.inline(*reason) for reason in view.reasons),
        rich_text.inline(
            f"You two meet once a week for {WEEKS} weeks. I send each of you an idea"
            " for each week."
        ),
        answer_buttons(view.question_id),
        context_line(
            f"{view.newcomer} doesn't know that I ask you, and never learns of a no. If"
            " you don't answer, I ask someone else in four days."
        ),
    ]


def question_over(newcomer: str, *, is_buddy: bool) -> Note:
    """Build what stands in place of a question that can begin nothing now."""
    if is_buddy:
        return sentence_note(f"You're {newcomer}'s buddy. Thank you.")
    return sentence_note(f"{DIDNT_WORK_OUT} {newcomer} needs no buddy now.")


def not_now(question_id: int, newcomer: str) -> Note:
    return note_with_buttons(
        f"All right. {newcomer} doesn't learn of it. I ask you about nobody else for a"
        " month.",
        button("Yes, after all", "buddy_accept", question_id),
        button("Stop asking me", "buddy_stop", question_id),
    )


def joined() -> Note:
    return note_with_buttons(
        "Thank you. When someone new fits, I ask you in private, about one person at a"
        " time.",
        button("Stop", "buddy_stop", VALUE),
    )


def stopped() -> Note:
    return note_with_buttons(
        "I no longer ask you to be a buddy. Nobody is told.",
        button("Be a buddy again", "buddy_join", VALUE),
    )


def paused() -> Note:
    """Tell a buddy that the bot asks no longer, since they never answered."""
    return note_with_buttons(
        f"I asked you about {SILENT_QUESTIONS} newcomers and heard nothing, so I've"
        " stopped asking you. Nobody else is told.",
        button("Be a buddy again", "buddy_join", VALUE),
    )
