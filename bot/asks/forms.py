"""The forms around an ask. Values in, views out."""

import json
from collections.abc import Collection, Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    ConversationFilter,
    ConversationSelectElement,
    InputBlock,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticMultiSelectElement,
)
from slack_sdk.models.views import View

from bot.asks.rules import (
    MAX_FIELD_LENGTH,
    MAX_REASON_LENGTH,
    MAX_TITLE_LENGTH,
    MAX_TOPICS,
    MAX_WHAT_WORKED_LENGTH,
    form_values,
)
from bot.slack import rich_text
from bot.slack.text import to_plain, truncate

_NO_OPTIONS = "The asker, champions and admins can reopen it."
_MAX_TOPICS_LENGTH = 150


def ask_form(
    *,
    channel: str | None = None,
    # Where no channel is named: choose the one that the person is looking at.
    use_current_channel: bool = False,
    channel_topics: Sequence[str] = (),
    title: str = "",
    details: str = "",
    topics: Sequence[str] = (),
    ask_id: int | None = None,
    # The check-in that says what the person is stuck on.
    checkin_id: int | None = None,
    hint: str | None = None,
) -> View:
    """Ask, or edit the ask `ask_id`. `title` and `details` are marked text."""
    shown_title, shown_details = form_values(title, details)
    blocks: list[Block] = []
    if hint:
        blocks.append(ContextBlock(elements=[MarkdownTextObject(text=hint)]))
    blocks += [
        InputBlock(
            block_id="title",
            label="Question",
            element=PlainTextInputElement(
                action_id="title",
                initial_value=shown_title or None,
                max_length=MAX_TITLE_LENGTH,
                placeholder="How do I …?",
                focus_on_load=True,
            ),
        ),
        InputBlock(
            block_id="details",
            label="Details",
            optional=True,
            element=PlainTextInputElement(
                action_id="details",
                initial_value=shown_details or None,
                max_length=MAX_FIELD_LENGTH,
                multiline=True,
                placeholder="What you tried, what happened, what you expected",
            ),
        ),
    ]
    if ask_id is None:
        blocks.append(_channel_input(channel, use_current_channel=use_current_channel))
    blocks += _topic_inputs(channel_topics, topics)
    return View(
        type="modal",
        callback_id="ask" if ask_id is None else "edit_ask",
        title="Ask your peers" if ask_id is None else "Edit your ask",
        submit="Ask" if ask_id is None else "Save",
        close="Cancel",
        private_metadata=json.dumps(
            {"ask": ask_id} if checkin_id is None else {"checkin": checkin_id}
        ),
        blocks=blocks,
    )


def _channel_input(channel: str | None, *, use_current_channel: bool) -> InputBlock:
    return InputBlock(
        block_id="channel",
        label="Channel",
        dispatch_action=True,
        element=ConversationSelectElement(
            action_id="ask_channel",
            placeholder="Choose a channel",
            initial_conversation=channel,
            default_to_current_conversation=use_current_channel or None,
            filter=ConversationFilter(
                include=["public", "private"], exclude_bot_users=True
            ),
        ),
    )


def _topic_inputs(channel_topics: Sequence[str], chosen: Sequence[str]) -> list[Block]:
    known = [Option(text=topic, value=topic) for topic in channel_topics[:100]]
    of_channel = [topic for topic in chosen if topic in channel_topics][:MAX_TOPICS]
    others = [topic for topic in chosen if topic not in of_channel]
    blocks: list[Block] = []
    if known:
        blocks.append(
            InputBlock(
                block_id="topics",
                label="Topics",
                optional=True,
                element=StaticMultiSelectElement(
                    action_id="topics",
                    placeholder="Choose topics",
                    options=known,
                    initial_options=[o for o in known if o.value in of_channel] or None,
                    max_selected_items=MAX_TOPICS,
                ),
            )
        )
    blocks.append(
        InputBlock(
            block_id="more_topics",
            label="Other topics" if known else "Topics",
            optional=True,
            hint=f"Up to {MAX_TOPICS}, separated by commas",
            element=PlainTextInputElement(
                action_id="more_topics",
                initial_value=truncate(", ".join(others), _MAX_TOPICS_LENGTH) or None,
                max_length=_MAX_TOPICS_LENGTH,
            ),
        )
    )
    return blocks


def close_form(ask_id: int, title: str, asker: str) -> View:
    """For somebody else than the asker, who is told who closed it and why."""
    return View(
        type="modal",
        callback_id="close_ask",
        title="Close this ask",
        submit="Close it",
        close="Cancel",
        private_metadata=json.dumps({"ask": ask_id}),
        blocks=[
            rich_text.user_text(title, limit=200, is_bold=True),
            _text_input(
                "reason",
                "Why?",
                f"{asker} will read it, and can reopen the ask.",
                MAX_REASON_LENGTH,
            ),
        ],
    )


def delete_form(ask_id: int, title: str) -> View:
    return View(
        type="modal",
        callback_id="delete_ask",
        title="Delete this ask?",
        submit="Delete it",
        close="Keep it",
        private_metadata=json.dumps({"ask": ask_id}),
        blocks=[
            rich_text.user_text(title, limit=200, is_bold=True),
            SectionBlock(
                text="The ask's message disappears for everybody; its answers stay."
            ),
        ],
    )


def what_worked_form(ask_id: int, title: str, what_worked: str | None) -> View:
    return View(
        type="modal",
        callback_id="worked",
        title="What worked?",
        submit="Save",
        close="Cancel",
        private_metadata=json.dumps({"ask": ask_id}),
        blocks=[
            rich_text.user_text(title, limit=200, is_bold=True),
            _text_input(
                "worked",
                "In one line",
                "Shown with the ask, for the next person.",
                MAX_WHAT_WORKED_LENGTH,
                what_worked,
            ),
        ],
    )


def _text_input(
    block_id: str, label: str, hint: str, limit: int, value: str | None = None
) -> InputBlock:
    return InputBlock(
        block_id=block_id,
        label=label,
        hint=hint,
        element=PlainTextInputElement(
            action_id=block_id,
            max_length=limit,
            initial_value=truncate(to_plain(value or ""), limit) or None,
        ),
    )


OPTION_LABELS = {
    "looking": "I can help",
    "same": "Same here",
    "edit": "Edit",
    "worked": "Add what worked",
    "close": "Close",
    "reopen": "Reopen",
    "delete": "Delete…",
}


def options_modal(
    ask_id: int,
    title: str,
    state: str,
    available: Sequence[str],
    *,
    # What the person has joined already: "looking", "same".
    joined: Collection[str] = (),
    is_own_message: bool = False,
) -> View:
    """Draw what one person can do with an ask."""
    labels = dict(OPTION_LABELS)
    if state == "solved":
        labels["reopen"] = "Not solved yet"
    if is_own_message:
        labels["delete"] = "Not an ask"
    if "looking" in joined:
        labels["looking"] = "I can't help after all"
    if "same" in joined:
        labels["same"] = "I don't have this problem"
    blocks: list[Block] = [
        rich_text.user_text(title, limit=200, is_bold=True),
        ContextBlock(elements=[MarkdownTextObject(text=f"This ask is *{state}*.")]),
    ]
    if available:
        buttons = [_option_button(labels[what], what, ask_id) for what in available]
        blocks.append(ActionsBlock(elements=buttons))
    else:
        blocks.append(SectionBlock(text=_NO_OPTIONS))
    return View(
        type="modal",
        callback_id="ask_options",
        title="Ask options",
        close="Done",
        blocks=blocks,
    )


def _option_button(label: str, option: str, ask_id: int) -> ButtonElement:
    return ButtonElement(text=label, action_id=f"option_{option}", value=str(ask_id))
