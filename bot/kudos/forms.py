"""The form for kudos. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    Option,
    RadioButtonsElement,
)
from slack_sdk.models.views import View

from bot.kudos.parser import MAX_REASON_LENGTH, MAX_TAG_LENGTH
from bot.kudos.rules import MAX_RECIPIENTS, MAX_TAGS, MIN_REASON_TEXT
from bot.slack.blocks import (
    channel_input,
    mrkdwn_line,
    people_input,
    text_input,
)
from bot.slack.text import sanitize, to_plain, truncate

INVITE_BOT = (
    "I'm not in that channel yet. Type /invite @Backswing there, or choose another one."
)
INVITE_BOT_FIRST = (
    "I'm not in that channel yet. Type `/invite @Backswing` there, or choose another"
    " one."
)
CHOOSE_CHANNEL = "Pick a channel I'm in, or give them privately."

PUBLIC_OPTION = Option(
    text="For everyone in the channel",
    value="public",
    description="One message; others can join in.",
)
PRIVATE_OPTION = Option(
    text="Only for them",
    value="private",
    description="Each person gets a direct message. I post nothing else.",
)
_MAX_TAGS_LENGTH = (MAX_TAG_LENGTH + 2) * MAX_TAGS


def kudos_form(
    *,
    people: Sequence[str] = (),
    # mrkdwn.
    reason: str = "",
    tags: Sequence[str] = (),
    channel: str | None = None,
    # Without `channel`, preselect the channel in which the member opened the form.
    use_current_channel: bool = False,
    # Slack's ids of the message that the kudos are about, and its permalink.
    about: Mapping[str, str] | None = None,
    about_url: str | None = None,
    hint: str | None = None,
) -> View:
    """Build the form: recipients, reason, tags, visibility and channel."""
    blocks: list[Block] = [
        mrkdwn_line(line)
        for line in (hint, f"For <{about_url}|this message>" if about_url else None)
        if line
    ]
    blocks += [
        people_input(
            "people",
            "Who do you want to thank?",
            people=people,
            limit=MAX_RECIPIENTS,
            has_focus=not people,
        ),
        text_input(
            "reason",
            "What for?",
            value=truncate(to_plain(reason), MAX_REASON_LENGTH),
            limit=MAX_REASON_LENGTH,
            hint=f"What they did and how it helped, in {MIN_REASON_TEXT}",
            is_multiline=True,
            has_focus=bool(people),
        ),
        text_input(
            "tags",
            "Tags",
            value=truncate(" ".join(f"#{tag}" for tag in tags), _MAX_TAGS_LENGTH),
            limit=_MAX_TAGS_LENGTH,
            hint=f"Up to {MAX_TAGS}, separated by spaces",
            placeholder="#teamwork",
            is_optional=True,
        ),
        InputBlock(
            block_id="visibility",
            label="Who sees it",
            element=RadioButtonsElement(
                action_id="visibility",
                options=[PUBLIC_OPTION, PRIVATE_OPTION],
                initial_option=PUBLIC_OPTION,
            ),
        ),
        channel_input(
            "Channel",
            channel=channel,
            use_current_channel=use_current_channel,
            is_optional=True,
        ),
    ]
    return View(
        type="modal",
        callback_id="kudos",
        title="Give kudos",
        submit="Give",
        close="Cancel",
        private_metadata=json.dumps({"about": dict(about) if about else None}),
        blocks=blocks,
    )


def parse_thank_value(value: str) -> tuple[str, str] | None:
    """Parse a `thank_button`'s value; return the recipient's id and the plain reason.

    None if invalid. The value is untrusted, and only prefills the form.
    """
    try:
        content: Any = json.loads(value)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    recipient, reason = content.get("receiver"), content.get("reason", "")
    if not (isinstance(recipient, str) and isinstance(reason, str)):
        return None
    return recipient, sanitize(reason)
