"""The messages to a newcomer and their buddy in the four weeks, and after. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
)

from bot.buddies.notes import VALUE, Sentence
from bot.buddies.rules import WEEKS, Week
from bot.people.blocks import Mate, SuggestedTime, end_button, times_line
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    note_with_buttons,
    sentence_note,
)
from bot.slack.rich_text import Part, bold, fallback_text, link

EITHER_CAN_END = "Either of you can end it, any time, no reason."


@dataclass(frozen=True, slots=True)
class Prompt:
    """The message of a week to a newcomer or their buddy, whose other is `other`.

    In the first week it introduces them, with the reasons and times. `has_asked` counts
    only for the newcomer.
    """

    pair_id: int
    other: Mate
    week: Week
    is_newcomer: bool
    has_asked: bool = False
    reasons: Sequence[Sentence] = ()
    times: Sequence[SuggestedTime] = ()


def prompt(view: Prompt) -> Note:
    """Build the message of a week."""
    name = view.other.name
    head: Sentence = [f"Week {view.week.number} with ", view.other.mention, "."]
    blocks: list[Block] = []
    if view.week is Week.PEOPLE:
        is_yours = view.is_newcomer
        head = (
            ["Meet ", view.other.mention, f", your buddy for {WEEKS} weeks."]
            if is_yours
            else ["You're the buddy of ", view.other.mention, f" for {WEEKS} weeks."]
        )
        blocks.append(rich_text.inline(*head))
        if view.reasons:
            why: list[Part] = [bold("Why you two: ")]
            for reason in view.reasons:
                why += [*reason, " "]
            blocks.append(rich_text.inline(*why))
    else:
        blocks.append(rich_text.inline(*head))
    blocks.append(rich_text.inline(bold("This week: "), idea(view)))
    blocks += times_line(view.times, is_pair=True)
    if view.week is Week.PEOPLE:
        first = f"{name} writes first." if view.is_newcomer else "You write first."
        blocks.append(rich_text.inline(first))
    return fallback_text(*head), [
        *blocks,
        button_row(*prompt_buttons(view)),
        context_line(EITHER_CAN_END),
    ]


def prompt_buttons(view: Prompt) -> list[ButtonElement]:
    """Return the buttons below the idea of a week."""
    buttons = [end_button("buddy_end", view.pair_id, view.other.name)]
    if view.week is Week.ASK and view.is_newcomer:
        label = "Ask again" if view.has_asked else "Write your first ask"
        buttons.insert(0, ButtonElement(text=label, action_id="home_ask"))
    return buttons


# The ideas for the newcomer and for the buddy; {name} is the other's.
_IDEAS = {
    Week.PEOPLE: (
        "ask {name} whom to know here, and what each helps with.",
        "who to know. Name three people to {name}, and say what each helps with.",
    ),
    Week.ASK: (
        (
            "your first ask. Write what you want to do, what you tried, where you are"
            " stuck. {name} can read it before you post it."
        ),
        (
            "an ask. Help {name} write one: the aim, what was tried, where it got"
            " stuck. I tell you if a first ask has no answer after two working hours."
        ),
    ),
    Week.CUSTOMS: (
        "how things are really done. Ask {name} for one thing that is written nowhere.",
        "how things are really done. Tell {name} one thing that is written nowhere.",
    ),
    Week.SURPRISES: (
        "what surprised you. Tell {name}: you still see it.",
        "what surprised {name}. Ask, and listen: you no longer see all of it.",
    ),
}
_ASKED_ALREADY = (
    "your asks. You have asked already. Talk about what helped, and what to ask next."
)


def idea(view: Prompt) -> str:
    """Return what the two could do in a week, for one of them."""
    if view.week is Week.ASK and view.has_asked:
        return _ASKED_ALREADY
    newcomer, buddy = _IDEAS[view.week]
    text = newcomer if view.is_newcomer else buddy
    return text.replace("{name}", view.other.name)


def first_ask(newcomer: str, url: str) -> Note:
    """Tell a buddy that the newcomer's first ask has no answer."""
    parts: Sentence = [
        f"{newcomer}'s ",
        link(url, "first ask"),
        " has no answer yet. Do you know it, or someone who does?",
    ]
    return fallback_text(*parts), [rich_text.inline(*parts)]


def ended(pair_id: int, other: str, *, is_newcomer: bool) -> Note:
    """Thank both at the end of the four weeks."""
    thanks = button("Say thanks", "buddy_thank", pair_id, style="primary")
    if is_newcomer:
        return note_with_buttons(
            f"Your {WEEKS} weeks with {other} are over. You can write to each other as"
            " before. I send no more ideas.",
            thanks,
        )
    return note_with_buttons(
        f"Your {WEEKS} weeks with {other} are over. Thank you for being a buddy. I may"
        " ask you again about someone new.",
        button("Stop asking me", "buddy_stop", pair_id),
    )


def ended_early(other: str, *, can_look: bool) -> Note:
    """Tell a member kindly that it has ended, without a reason."""
    text = (
        f"Your time with {other} as buddies has ended, as either of you could end it at"
        " any time. No reason is asked or given."
    )
    if not can_look:
        return sentence_note(text)
    return note_with_buttons(text, button("Find another buddy", "buddy_yes", VALUE))


def you_ended(other: str) -> Note:
    return sentence_note(f"It has ended. {other} learns only that. {EITHER_CAN_END}")


def pass_on(buddy: str) -> Note:
    """Ask a former newcomer whether they would be a buddy now."""
    return note_with_buttons(
        f"Some months ago {buddy} was your buddy. Would you pass it on, and be a buddy"
        " for someone new?",
        button("I'd be a buddy", "buddy_join", VALUE, style="primary"),
        button("Not for me", "buddy_stop", VALUE),
        hint="I ask this only once. It's also on your Home tab, under People.",
    )
