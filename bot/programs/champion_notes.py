"""The form to name a program's champions, and the question to each of them. Pure.

A program's name is mrkdwn.
"""

import json
from collections.abc import Sequence

from slack_sdk.models.blocks import ButtonElement, HeaderBlock
from slack_sdk.models.views import View

from bot.home.row_blocks import RowList
from bot.programs.member_blocks import UNSEEN_PROGRAM
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    people_input,
    sentence_note,
)
from bot.slack.rich_text import channel_mention
from bot.slack.text import to_plain, truncate

MAX_CHAMPIONS = 12
_MAX_NAME = 60


def _plain(name: str) -> str:
    return truncate(to_plain(name), _MAX_NAME)


def champions_form(program_id: int, name: str, people: Sequence[str]) -> View:
    """Build the form; `people` are Slack's ids of those who were named."""
    return View(
        type="modal",
        callback_id="program_champions",
        title="Champions",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"program": program_id}),
        blocks=[
            context_line(
                f"Champions look after {_plain(name)}: they say hello, look after asks"
                " and invite people. I ask each of them first, once. Nobody sees what"
                " they answer."
            ),
            people_input(
                "people",
                "Champions",
                people=people,
                limit=MAX_CHAMPIONS,
                hint="2 to 12 full members of your workspace.",
                is_optional=True,
            ),
        ],
    )


def question(program_id: int, name: str, lead: str) -> Note:
    """Ask a person whom a lead named; people are plain names."""
    text, blocks = sentence_note(
        f"{lead} would like you to be a champion of {_plain(name)}. I'd suggest at most"
        " five small things a week: to say hello to a person who is new, or to look"
        " after an ask. Each is optional."
    )
    return text, [
        *blocks,
        button_row(
            button(
                "Yes, I'd like to", "program_champion_yes", program_id, style="primary"
            ),
            button("Not now", "program_champion_no", program_id),
        ),
        context_line(
            "Nobody learns that you said no. You can step down at any time. If I hear"
            " nothing for 7 days, I take it as a no."
        ),
    ]


def willing(program_id: int, name: str) -> Note:
    """In place of the question to a person who said yes."""
    text, blocks = sentence_note(
        f"Thank you for being a champion of {_plain(name)}! What you could do is on the"
        " page Program of my Home tab."
    )
    how = button("How champions help", "work_guide", "guide")
    return text, [*blocks, button_row(how, _step_down(program_id))]


def not_now(program_id: int) -> Note:
    """In place of the question to a person who said no."""
    text, blocks = sentence_note(
        "That's fine. I won't ask again, and nobody learns of it."
    )
    return text, [*blocks, button_row(_yes(program_id, "I'd like to after all"))]


def stepped_down(name: str, program_id: int | None = None) -> Note:
    """Build what a former champion reads; of a channel without `program_id`."""
    text, blocks = sentence_note(
        f"You're no longer a champion of {_plain(name)}. Thank you for what you did!"
    )
    if program_id is None:
        return text, blocks
    return text, [*blocks, button_row(_yes(program_id, "Undo"))]


def _yes(program_id: int, text: str) -> ButtonElement:
    return button(text, "program_champion_yes", program_id)


def _step_down(program_id: int) -> ButtonElement:
    return button("Step down", "program_champion_stop", program_id)


def own_programs(
    programs: Sequence[tuple[int, str]],
    channels: Sequence[tuple[int, str, str]] = (),
) -> RowList:
    """Build the Home tab's list of programs and channels that a champion looks after.

    The name of a program that they can't see is "". A channel is its row's id, its
    Slack id and its name.
    """
    rows = [
        [
            rich_text.inline(_plain(name) or UNSEEN_PROGRAM),
            button_row(_step_down(program_id)),
        ]
        for program_id, name in programs
    ]
    rows += [
        [
            rich_text.inline(channel_mention(slack_id, name)),
            button_row(button("Step down", "champion_stop", channel_id)),
        ]
        for channel_id, slack_id, name in channels
    ]
    if not rows:
        return RowList()
    return RowList([HeaderBlock(text="You're a champion of")], rows)
