"""Views for people in a program: their Home tab, and messages. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    HeaderBlock,
    InteractiveElement,
)

from bot.home.row_blocks import RowList
from bot.programs.blocks import rule_list
from bot.programs.join_blocks import joinable_row, leave_button
from bot.programs.membership_rules import ANSWER_WITHIN, PAUSE_MONTHS, SILENCE
from bot.programs.rules import MAX_LINE_LENGTH, MAX_NAME_LENGTH
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    name_list,
    sentence_note,
)
from bot.slack.text import to_plain, truncate

UNSEEN_PROGRAM = "A program that you can't see at the moment"
_MAX_ELEMENTS = 8
_COULD_JOIN = "Programs you could join"
# Slack's limit for the text of a button.
_MAX_BUTTON = 75


@dataclass(frozen=True, slots=True)
class Counts:
    """Asks and answers of a member, this quarter and in the program's channels."""

    asked: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Others:
    """Others in a program, of the member's channels: some names, and how many."""

    names: Sequence[str] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class OwnProgram:
    """A program that a member is in; texts are mrkdwn, names of people plain.

    The name is "" for one whose channels they can't see now.
    """

    id: int
    name: str = ""
    goal: str = ""
    leads: Sequence[str] = ()
    others: Others = Others()
    counts: Counts = Counts()
    # Other things that they did this quarter, such as "met your circle twice".
    did: Sequence[str] = ()
    # Such as "3 June"; "" without a pause.
    paused_until: str = ""
    # True if the pause began because they did not answer.
    is_paused_by_silence: bool = False
    is_over: bool = False
    can_invite: bool = False


@dataclass(frozen=True, slots=True)
class JoinableProgram:
    id: int
    name: str
    audience: str
    has_leads: bool


def own_programs(
    own: Sequence[OwnProgram], others: Sequence[JoinableProgram]
) -> RowList:
    """Build the section of the Home tab: programs they are in, and could join."""
    rows = [*map(_own_row, own), *map(_joinable_row, others)]
    if not rows:
        return RowList()
    if own and others:
        rows[len(own)] = [HeaderBlock(text=_COULD_JOIN), *rows[len(own)]]
    return RowList([HeaderBlock(text="Your programs" if own else _COULD_JOIN)], rows)


def _joinable_row(program: JoinableProgram) -> Sequence[Block]:
    return joinable_row(
        program.id, program.name, program.audience, has_leads=program.has_leads
    )


def _own_row(program: OwnProgram) -> Sequence[Block]:
    if not program.name:
        return [
            rich_text.inline(UNSEEN_PROGRAM),
            button_row(leave_button(program.id)),
        ]
    lines: list[Block] = [
        rich_text.user_text(program.name, limit=MAX_NAME_LENGTH, is_bold=True)
    ]
    if program.goal:
        lines.append(
            rich_text.user_text(
                program.goal, limit=MAX_LINE_LENGTH, max_elements=_MAX_ELEMENTS
            )
        )
    lines += [context_line(text) for text in _facts(program)]
    return [*lines, button_row(*_buttons(program))]


def _facts(program: OwnProgram) -> Sequence[str]:
    if program.is_over:
        return ["This program is over."]
    counts = program.counts
    done = [f"asked {counts.asked}", f"answered {counts.answered}", *program.did]
    facts = [f"This quarter you {', '.join(done)}."]
    if program.others.names:
        names, more = program.others.names, program.others.count
        more -= len(names)
        people = f"{', '.join(names)} and {more} more" if more else name_list(names)
        facts.append(f"With you: {people}.")
    if program.leads:
        facts.append(f"Questions? Ask {name_list(program.leads)}.")
    if program.paused_until:
        reason = (
            f"You didn't answer me for {ANSWER_WITHIN.days} days, so I paused it. "
            if program.is_paused_by_silence
            else ""
        )
        facts.append(f"{reason}Paused until {program.paused_until}.")
    return facts


def _buttons(program: OwnProgram) -> Sequence[InteractiveElement]:
    buttons: list[InteractiveElement] = []
    if program.paused_until:
        buttons.append(button("End the pause", "program_stay", program.id))
    if program.leads and not program.is_over:
        # Several leads get the same question.
        text = f"Ask {program.leads[0]}" if len(program.leads) == 1 else "Ask the leads"
        buttons.append(button(truncate(text, _MAX_BUTTON), "program_ask", program.id))
    if program.can_invite and not program.is_over:
        buttons.append(button("Invite people", "program_invite", program.id))
    return [*buttons, leave_button(program.id)]


def left(program_id: int, name: str) -> Note:
    """Build what a member reads who has left; `name` is mrkdwn."""
    text, blocks = sentence_note(
        f"You left {truncate(to_plain(name), MAX_NAME_LENGTH)}. I send you no further"
        " messages about it. If you were in one of its circles, or matched with"
        " someone, they learn only that you can't be there. Nobody else is told. Your"
        " past answers stay."
    )
    come_back = button("Come back", "program_come_back", program_id)
    return text, [*blocks, button_row(come_back)]


def changed_rules(
    programs: Sequence[tuple[int, int, str, Sequence[str]]],
) -> RowList:
    """Build the programs whose rules changed: ids, versions, names and rules.

    Names and rules are mrkdwn.
    """
    return RowList(
        rows=[
            [
                rule_list(f"The rules of {to_plain(name)} have changed", rules),
                button_row(button("Seen", "program_seen", f"{program_id}:{version}")),
            ]
            for program_id, version, name, rules in programs
        ]
    )


def stay_question(program_id: int, name: str) -> Note:
    """Ask someone who was silent whether they stay; `name` is mrkdwn."""
    weeks = SILENCE.days // 7
    text, blocks = sentence_note(
        f"I've seen nothing of you in {truncate(to_plain(name), MAX_NAME_LENGTH)} for"
        f" {weeks} weeks: no ask, answer or thanks, no circle and no coffee. That's"
        " fine. Do you want to stay?"
    )
    return text, [
        *blocks,
        button_row(
            button("Stay", "program_stay", program_id),
            button(f"Pause for {PAUSE_MONTHS} months", "program_pause", program_id),
            leave_button(program_id),
        ),
        context_line(
            f"Without an answer in {ANSWER_WITHIN.days} days I pause it. Nobody else"
            " learns of any of this."
        ),
    ]


def stayed(program_id: int, name: str) -> Note:
    """Build what replaces the question; `name` is mrkdwn."""
    text, blocks = sentence_note(
        f"You're in {truncate(to_plain(name), MAX_NAME_LENGTH)}. Good to have you."
    )
    return text, [*blocks, button_row(leave_button(program_id))]


def paused(program_id: int, name: str, until: str) -> Note:
    """Build what replaces the question; `name` is mrkdwn, `until` a day."""
    text, blocks = sentence_note(
        f"{truncate(to_plain(name), MAX_NAME_LENGTH)} is paused for you until {until}."
        " You can end the pause on my Home tab, under Program."
    )
    return text, [*blocks, button_row(leave_button(program_id))]
