"""The settings form of a channel. Values in, views out."""

import json
from collections.abc import Sequence

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    SectionBlock,
    UserMultiSelectElement,
)
from slack_sdk.models.views import View

from bot.text import escape

MOST_TOPICS = 50
MOST_CHAMPIONS = 30
LONGEST_TOPICS = 2000
LONGEST_EMOJI = 300

CAPTURE = (
    ("off", "Only what people put in with /ask", "Nothing else is kept."),
    (
        "questions",
        "Messages that contain a question, too",
        "Ids, without text, of other messages and reactions are kept for 7 days.",
    ),
    (
        "all",
        "Every message that starts a thread, too",
        "For channels that are for questions only.",
    ),
)


def form(
    *,
    channel: str,
    name: str,
    capture: str,
    helpful: Sequence[str],
    solved: Sequence[str],
    champions: Sequence[str],
    topics: Sequence[str],
    guests_may_ask: bool,
) -> View:
    choices = [
        Option(text=text, value=value, description=more)
        for value, text, more in CAPTURE
    ]
    guests = Option(text="Guests may ask", value="guests")
    blocks: list[Block] = [
        SectionBlock(text=f"How Backswing works in *#{escape(name)}*."),
        InputBlock(
            block_id="capture",
            label="What becomes an ask",
            element=RadioButtonsElement(
                action_id="capture",
                options=choices,
                initial_option=next(c for c in choices if c.value == capture),
            ),
        ),
        InputBlock(
            block_id="champions",
            label="Champions",
            hint="They may close and solve asks for others, and change these settings.",
            optional=True,
            element=UserMultiSelectElement(
                action_id="champions",
                placeholder="Choose people",
                initial_users=list(champions) or None,
                max_selected_items=MOST_CHAMPIONS,
            ),
        ),
        _line(
            "topics",
            "Topics",
            "With commas between; people can add their own.",
            listed(topics),
            limit=LONGEST_TOPICS,
            optional=True,
        ),
        _line(
            "helpful",
            "Emoji for helpful",
            "On an answer, from anybody but its author.",
            named(helpful),
        ),
        _line(
            "solved",
            "Emoji for solved",
            "On an answer, from the person who asked.",
            named(solved),
        ),
        InputBlock(
            block_id="guests",
            label="Guests",
            optional=True,
            element=CheckboxesElement(
                action_id="guests",
                options=[guests],
                initial_options=[guests] if guests_may_ask else None,
            ),
        ),
    ]
    return View(
        type="modal",
        callback_id="settings",
        title="Channel settings",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"channel": channel}),
        blocks=blocks,
    )


def listed(topics: Sequence[str]) -> str:
    return ", ".join(topics)


def named(emoji: Sequence[str]) -> str:
    return " ".join(f":{name}:" for name in emoji)


def _line(
    block_id: str,
    label: str,
    hint: str,
    value: str,
    *,
    limit: int = LONGEST_EMOJI,
    optional: bool = False,
) -> InputBlock:
    return InputBlock(
        block_id=block_id,
        label=label,
        hint=hint,
        optional=optional,
        element=PlainTextInputElement(
            action_id=block_id, initial_value=value or None, max_length=limit
        ),
    )


HELP = (
    "*Backswing helps you ask your peers, and see what helped.*\n"
    "• `/ask How do I …?` puts a problem to the people in this channel."
    " `/ask` alone opens a form.\n"
    "• Answer in the ask's thread.\n"
    "• React to an answer that helped you with :+1: :raised_hands: :heart: :pray: or"
    " :bulb:. When an answer to your own ask solves it, react to it with"
    " :white_check_mark:, unless the channel chose others.\n"
    "• :eyes: on an ask says that you can help, :raising_hand: that you have the same"
    " problem: you are told when it is solved.\n"
    "• Each message's menu has *Make this an ask*, *Mark helpful*, *This solved it* and"
    " *Ask options*.\n"
    "• `/backswing` in a channel opens its settings, for champions and admins."
)
