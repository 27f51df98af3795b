"""Messages to program leads, and their section of the Home tab."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, HeaderBlock

from bot.home.row_blocks import RowList
from bot.programs.rules import MAX_NAME_LENGTH
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, context_line, sentence_note
from bot.slack.rich_text import Part, bold, fallback_text
from bot.slack.text import to_plain, truncate

_QUESTION = "What are you stuck on yourself? When leads ask, others do."


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A program of a lead; `asked` of its `leads` have asked in the last weeks."""

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


def _sentence(parts: Sequence[Part]) -> Note:
    blocks: list[Block] = [rich_text.inline(*parts)]
    return fallback_text(*parts), blocks


def leads_who_asked(rows: Sequence[LeadRow]) -> RowList:
    """Build the section of a lead's Home tab, with a row for each of their programs."""
    return RowList(
        [HeaderBlock(text="For you as a lead")],
        [
            [
                rich_text.inline(
                    _name(row.name),
                    ": Leads who asked in the last 6 weeks:"
                    f" {row.asked} of {row.leads}",
                )
            ]
            for row in rows
        ],
    )
