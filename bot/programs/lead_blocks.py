"""Messages to program leads, and their section of the Home tab."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    HeaderBlock,
    PlainTextObject,
    SectionBlock,
)

from bot.home.row_blocks import RowList
from bot.programs.rules import MAX_NAME_LENGTH
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    name_list,
    sentence_note,
)
from bot.slack.rich_text import Part, bold, fallback_text
from bot.slack.text import to_plain, truncate

# Slack's limit for the text of a button.
_MAX_BUTTON = 75
_QUESTION = "What are you stuck on yourself? When leads ask, others do."


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A program of a lead; `asked` of its `leads` have asked in the last weeks."""

    program_id: int
    name: str
    asked: int
    leads: int


def _name(name: str) -> Part:
    return bold(truncate(to_plain(name), MAX_NAME_LENGTH))


def lead_prompt(program_id: int, name: str) -> Note:
    """Build the question to a lead of the program `name` (mrkdwn)."""
    about = f"You lead {truncate(to_plain(name), MAX_NAME_LENGTH)}."
    return _QUESTION, [
        rich_text.inline(_QUESTION),
        button_row(
            button("Ask your peers", "program_lead_ask", program_id, style="primary"),
            button("Not this time", "program_lead_skip", program_id),
            button("Stop these", "program_lead_stop", program_id),
        ),
        context_line(f"{about} I ask every six weeks. Only you see this."),
    ]


def leads_to_ask(program_id: int, names: Sequence[str]) -> list[Block]:
    """Build the line of the help that names the leads, with a button to ask them."""
    label = f"Ask {names[0]}" if len(names) == 1 else "Ask the leads"
    text = f"Questions about the program? Ask {name_list(names)}."
    return [
        SectionBlock(
            text=PlainTextObject(text=text, emoji=False),
            accessory=button(truncate(label, _MAX_BUTTON), "program_ask", program_id),
        )
    ]


def lead_prompt_skipped() -> Note:
    """Build the note that replaces a question which a lead put off."""
    return sentence_note("OK. I'll ask again in six weeks.")


def lead_prompts_off() -> Note:
    """Build the note that replaces a question after the lead stopped them."""
    return sentence_note(
        "OK, I won't ask you this again. You can change that in your settings, on my"
        " Home tab."
    )


def lead_left(name: str, others: int) -> Note:
    """Build the message to a lead after another one has left; `others` remain."""
    parts: list[Part] = ["A lead of ", _name(name), " has left. "]
    match others:
        case 0:
            parts.append("You are its only lead now.")
        case 1:
            parts.append("You lead it with one other person now.")
        case _:
            parts.append(f"You lead it with {others} other people now.")
    return _sentence(parts)


def without_lead(name: str, *, is_workspace_wide: bool) -> Note:
    """Build the message to an admin about a program whose last lead has left."""
    command = "/backswing workspace" if is_workspace_wide else "/backswing program"
    return _sentence(
        [
            "The last lead of ",
            _name(name),
            f" has left. To name another, type {command}.",
        ]
    )


def unseen_without_lead() -> Note:
    """Build the message to the admins about a program that none of them may see."""
    return sentence_note(
        "The last lead of a program in private channels has left, and no admin is in"
        " them. Once you are in one of its channels, you can name another lead: type"
        " /backswing program."
    )


def _sentence(parts: Sequence[Part]) -> Note:
    blocks: list[Block] = [rich_text.inline(*parts)]
    return fallback_text(*parts), blocks


def _lead_row(row: LeadRow) -> Block:
    name = truncate(to_plain(row.name), MAX_NAME_LENGTH)
    asked = f"Leads who asked in the last 6 weeks: {row.asked} of {row.leads}"
    return SectionBlock(
        text=PlainTextObject(text=f"{name}\n{asked}", emoji=True),
        accessory=ButtonElement(
            text="See it",
            action_id="program_see",
            value=str(row.program_id),
            accessibility_label=truncate(f"See it: {name}", _MAX_BUTTON),
        ),
    )


def leads_who_asked(rows: Sequence[LeadRow]) -> RowList:
    """Build the section of a lead's Home tab, with a row for each of their programs."""
    return RowList(
        [HeaderBlock(text="For you as a lead")], [[_lead_row(row)] for row in rows]
    )
