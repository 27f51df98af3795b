"""The few pieces that messages and forms of all features are built from."""

from collections.abc import Sequence

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
from slack_sdk.models.views import View

from bot.slack import rich_text
from bot.slack.rich_text import Part, fallback_text
from bot.slack.text import to_plain, truncate

MAX_NAMES = 5
MAX_QUOTE_LENGTH = 80


def name_list(people: Sequence[str]) -> str:
    """Plain names, which notify nobody: "Ana, Ben and 3 more"."""
    if len(people) > MAX_NAMES:
        shown, rest = people[: MAX_NAMES - 1], len(people) - MAX_NAMES + 1
        return f"{', '.join(shown)} and {rest} more"
    if len(people) > 1:
        return f"{', '.join(people[:-1])} and {people[-1]}"
    return people[0] if people else "nobody"


def quoted(text: str, limit: int = MAX_QUOTE_LENGTH) -> str:
    """Quote mrkdwn as plain text, truncated at `limit`."""
    return f"“{truncate(to_plain(text), limit)}”"


def context_line(text: str) -> ContextBlock:
    """Plain text in small grey letters."""
    return ContextBlock(elements=[PlainTextObject(text=text, emoji=False)])


def mrkdwn_line(text: str) -> ContextBlock:
    """Our own mrkdwn in small grey letters."""
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
) -> InputBlock:
    """A field for up to `limit` characters, filled in with plain text."""
    return InputBlock(
        block_id=name,
        label=label,
        hint=hint,
        optional=is_optional or None,
        element=PlainTextInputElement(
            action_id=name,
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
    """A field for up to `limit` people, by their Slack ids."""
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
    # Where no channel is given: choose the one that the person is looking at.
    use_current_channel: bool = False,
    hint: str | None = None,
    is_optional: bool = False,
    # Report the choice at once, before the form is submitted.
    reports_choice: bool = False,
    excludes_shared: bool = False,
) -> InputBlock:
    """A field for a public or private channel, by its Slack id."""
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


# Beside a field only plain text is shown.
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
    """A message where only a view can be shown. `text` is mrkdwn of our own."""
    return View(
        type="modal",
        callback_id="told",
        title=title,
        close="OK",
        blocks=[SectionBlock(text=text), *more_blocks],
    )


Note = tuple[str, list[Block]]


def sentence_note(*parts: Part) -> Note:
    """A sentence as a message, which may begin with somebody we can't name."""
    return fallback_text(*parts), [rich_text.inline(*parts)]
