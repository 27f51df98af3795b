"""Builders for the common parts of all features' messages and forms."""

import json
from collections.abc import Sequence
from typing import Literal

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    ConversationFilter,
    ConversationSelectElement,
    InputBlock,
    InteractiveElement,
    MarkdownTextObject,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    UserMultiSelectElement,
)
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.slack import rich_text
from bot.slack.rich_text import Part, fallback_text
from bot.slack.text import to_plain, truncate

TextTrigger = Literal["on_enter_pressed", "on_character_entered"]

MAX_NAMES = 5
MAX_QUOTE_LENGTH = 80


def name_list(people: Sequence[str]) -> str:
    """Join plain names, which notify nobody: "Ana, Ben and 3 more"."""
    if len(people) > MAX_NAMES:
        listed, rest = people[: MAX_NAMES - 1], len(people) - MAX_NAMES + 1
        return f"{', '.join(listed)} and {rest} more"
    if len(people) > 1:
        return f"{', '.join(people[:-1])} and {people[-1]}"
    return people[0] if people else "nobody"


def quoted(text: str, limit: int = MAX_QUOTE_LENGTH) -> str:
    """Quote mrkdwn as plain text, truncated at `limit`."""
    return f"“{truncate(to_plain(text), limit)}”"


def context_line(text: str) -> ContextBlock:
    """Build a context line (small and grey) of plain text."""
    return ContextBlock(elements=[PlainTextObject(text=text, emoji=False)])


def mrkdwn_line(text: str) -> ContextBlock:
    """Build a context line (small and grey) of our own mrkdwn."""
    return ContextBlock(elements=[MarkdownTextObject(text=text)])


def button(
    text: str, action_id: str, value: object, *, style: str | None = None
) -> ButtonElement:
    return ButtonElement(text=text, action_id=action_id, value=str(value), style=style)


def button_row(*buttons: InteractiveElement) -> ActionsBlock:
    return ActionsBlock(elements=list(buttons))


def text_input(
    name: str,
    label: str,
    *,
    value: str = "",
    limit: int,
    hint: str | None = None,
    placeholder: str | None = None,
    is_optional: bool = False,
    is_multiline: bool = False,
    has_focus: bool = False,
    action: str | None = None,
    action_trigger: TextTrigger = "on_enter_pressed",
) -> InputBlock:
    """Build a field for up to `limit` characters, with the plain text `value` in it.

    With `action`, Slack reports that action at each `action_trigger` in the field.
    """
    config = DispatchActionConfig(trigger_actions_on=[action_trigger])
    return InputBlock(
        block_id=name,
        label=label,
        hint=hint,
        optional=is_optional or None,
        dispatch_action=bool(action) or None,
        element=PlainTextInputElement(
            action_id=action or name,
            dispatch_action_config=config if action else None,
            initial_value=value or None,
            max_length=limit,
            multiline=is_multiline or None,
            placeholder=placeholder,
            focus_on_load=has_focus or None,
        ),
    )


def people_input(
    name: str,
    label: str,
    *,
    people: Sequence[str] = (),
    limit: int,
    placeholder: str = "Choose people",
    hint: str | None = None,
    is_optional: bool = False,
    has_focus: bool = False,
) -> InputBlock:
    """Build a field for up to `limit` people, with Slack's ids `people` in it."""
    return InputBlock(
        block_id=name,
        label=label,
        hint=hint,
        optional=is_optional or None,
        element=UserMultiSelectElement(
            action_id=name,
            placeholder=placeholder,
            initial_users=list(people)[:limit] or None,
            max_selected_items=limit,
            focus_on_load=has_focus or None,
        ),
    )


def channel_input(
    label: str,
    *,
    action_id: str = "channel",
    channel: str | None = None,
    # Without `channel`, preselect the channel in which the member opened the form.
    use_current_channel: bool = False,
    hint: str | None = None,
    is_optional: bool = False,
    # Send a block action as soon as the member chooses.
    reports_choice: bool = False,
    excludes_shared: bool = False,
) -> InputBlock:
    """Build a field for a public or private channel; `channel` is Slack's id."""
    return InputBlock(
        block_id="channel",
        label=label,
        hint=hint,
        optional=is_optional or None,
        dispatch_action=reports_choice or None,
        element=ConversationSelectElement(
            action_id=action_id,
            placeholder="Choose a channel",
            initial_conversation=channel,
            default_to_current_conversation=use_current_channel or None,
            filter=ConversationFilter(
                include=["public", "private"],
                exclude_bot_users=True,
                exclude_external_shared_channels=excludes_shared or None,
            ),
        ),
    )


# Slack shows errors below a field as plain text, without mrkdwn.
NOT_IN_CHANNEL = (
    "I'm not in that channel yet. Type /invite @Backswing there, then ask again."
)
NOT_IN_CHANNEL_CHOOSE = (
    "I'm not in that channel yet. Type `/invite @Backswing` there, or choose another"
    " one."
)
CHOOSE_CHANNEL = (
    "Pick a channel I'm in. For any other, type `/invite @Backswing` there first."
)


def message_modal(title: str, text: str, *more_blocks: Block) -> View:
    """Build a modal that shows a message; `text` is our own mrkdwn."""
    return View(
        type="modal",
        callback_id="message",
        title=title,
        close="OK",
        blocks=[SectionBlock(text=text), *more_blocks],
    )


def form_about(
    callback_id: str,
    subject: tuple[str, int],
    text: str,
    *fields: Block,
    title: str,
    submit: str,
    close: str = "Cancel",
) -> View:
    """Build a form about one row: `subject` is its name and id, `text` its mrkdwn."""
    name, row_id = subject
    return View(
        type="modal",
        callback_id=callback_id,
        title=title,
        submit=submit,
        close=close,
        private_metadata=json.dumps({name: row_id}),
        blocks=[rich_text.user_text(text, limit=200, is_bold=True), *fields],
    )


# A message: its text for notifications (mrkdwn), and its blocks.
Note = tuple[str, list[Block]]


def sentence_note(*parts: Part) -> Note:
    """Build a message of one sentence; a leading "someone" is capitalized."""
    return fallback_text(*parts), [rich_text.inline(*parts)]


def note_with_buttons(text: str, *buttons: ButtonElement, hint: str = "") -> Note:
    """Build a message of one sentence with buttons below it, and small print."""
    note, blocks = sentence_note(text)
    hints: list[Block] = [context_line(hint)] if hint else []
    return note, [*blocks, button_row(*buttons), *hints]
