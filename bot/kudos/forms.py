"""The form for kudos. Values in, views out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    ConversationFilter,
    ConversationSelectElement,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    UserMultiSelectElement,
)
from slack_sdk.models.views import View

from bot.kudos.parser import MAX_REASON_LENGTH, MAX_TAG_LENGTH
from bot.kudos.rules import MAX_RECIPIENTS, MAX_TAGS, MIN_REASON_TEXT
from bot.slack.text import sanitize, to_plain, truncate

INVITE_BOT = (
    "I'm not in that channel. Type /invite @Backswing there, or choose another one."
)
INVITE_BOT_FIRST = (
    "I'm not in that channel yet. Choose another one, or type `/invite @Backswing`"
    " there first."
)
CHOOSE_CHANNEL = "Choose a channel where I'm a member, or give them privately."

PUBLIC_OPTION = Option(
    text="For everybody in the channel",
    value="public",
    description="One message; others can join in.",
)
PRIVATE_OPTION = Option(
    text="Only for them",
    value="private",
    description="A direct message to each, and nothing anywhere else.",
)
_MAX_TAGS_LENGTH = (MAX_TAG_LENGTH + 2) * MAX_TAGS


def kudos_form(
    *,
    people: Sequence[str] = (),
    # Marked text.
    reason: str = "",
    tags: Sequence[str] = (),
    channel: str | None = None,
    # Where no channel is named: choose the one that the person is looking at.
    use_current_channel: bool = False,
    # The message that it is about, as Slack names it, and its address.
    about: Mapping[str, str] | None = None,
    about_url: str | None = None,
    hint: str | None = None,
) -> View:
    """Thank people: whom, what for, and who else is to see it."""
    blocks: list[Block] = [
        ContextBlock(elements=[MarkdownTextObject(text=said)])
        for said in (hint, f"For <{about_url}|this message>" if about_url else None)
        if said
    ]
    blocks += [
        InputBlock(
            block_id="people",
            label="Who do you want to thank?",
            element=UserMultiSelectElement(
                action_id="people",
                placeholder="Choose people",
                initial_users=list(people)[:MAX_RECIPIENTS] or None,
                max_selected_items=MAX_RECIPIENTS,
                focus_on_load=not people or None,
            ),
        ),
        InputBlock(
            block_id="reason",
            label="What for?",
            hint=f"What they did and how it helped, in {MIN_REASON_TEXT}",
            element=PlainTextInputElement(
                action_id="reason",
                multiline=True,
                initial_value=truncate(to_plain(reason), MAX_REASON_LENGTH) or None,
                max_length=MAX_REASON_LENGTH,
                focus_on_load=bool(people) or None,
            ),
        ),
        InputBlock(
            block_id="tags",
            label="Tags",
            optional=True,
            hint=f"Up to {MAX_TAGS}, separated by spaces",
            element=PlainTextInputElement(
                action_id="tags",
                initial_value=truncate(
                    " ".join(f"#{tag}" for tag in tags), _MAX_TAGS_LENGTH
                )
                or None,
                max_length=_MAX_TAGS_LENGTH,
                placeholder="#teamwork",
            ),
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
        InputBlock(
            block_id="channel",
            label="Channel",
            optional=True,
            element=ConversationSelectElement(
                action_id="channel",
                placeholder="Choose a channel",
                initial_conversation=channel,
                default_to_current_conversation=use_current_channel or None,
                filter=ConversationFilter(
                    include=["public", "private"], exclude_bot_users=True
                ),
            ),
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
    """A button's value in; out the receiver's id and plain words, or None.

    Anybody can send any value: it says no more than what a form may show.
    """
    try:
        found: Any = json.loads(value)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    receiver, reason = found.get("receiver"), found.get("reason", "")
    if not (isinstance(receiver, str) and isinstance(reason, str)):
        return None
    return receiver, sanitize(reason)
