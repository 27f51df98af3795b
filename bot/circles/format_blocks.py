"""The format of a circle's meeting, and the goal of an open discussion. Pure."""

import json

from slack_sdk.models.blocks import Block
from slack_sdk.models.blocks.block_elements import ButtonElement
from slack_sdk.models.views import View

from bot.circles import meeting_texts
from bot.circles.formats import Format
from bot.slack import rich_text
from bot.slack.blocks import button, text_input
from bot.slack.rich_text import bold
from bot.slack.text import to_plain

MAX_FOCUS = 140


def format_line(meeting_format: Format) -> str:
    """Return the format in a sentence, as people read it before the meeting."""
    title, guide = meeting_texts.FORMATS[meeting_format]
    return f"{title}: {guide}"


def format_buttons(value: str, chosen: Format) -> list[ButtonElement]:
    """Build a button for each format other than the chosen one."""
    return [
        button(title, f"meeting_{meeting_format}", value)
        for meeting_format, (title, _) in meeting_texts.FORMATS.items()
        if meeting_format is not chosen
    ]


def focus_button(value: str) -> ButtonElement:
    return button("Goal and scope", "meeting_focus", value)


def focus_lines(goal: str, scope: str) -> list[Block]:
    """Build the lines with the goal and scope (mrkdwn) of an open discussion."""
    return [
        rich_text.user_text(
            text, limit=MAX_FOCUS, max_elements=3, prefix=[bold(f"{label}: ")]
        )
        for label, text in (("Goal", goal), ("Left out", scope))
        if text
    ]


def focus_form(meeting_id: int, goal: str, scope: str) -> View:
    """Build the form of an open discussion's goal and scope, which are mrkdwn."""
    return View(
        type="modal",
        callback_id="circle_focus",
        title="Goal and scope",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"meeting": meeting_id}),
        blocks=[
            text_input(
                "goal",
                "What do you want to know at the end?",
                value=to_plain(goal),
                limit=MAX_FOCUS,
                hint="Only your circle sees it.",
                is_optional=True,
                has_focus=True,
            ),
            text_input(
                "scope",
                "What do you leave out?",
                value=to_plain(scope),
                limit=MAX_FOCUS,
                is_optional=True,
            ),
        ],
    )
