"""The forms for asks. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence

from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    Option,
    SectionBlock,
    StaticMultiSelectElement,
)
from slack_sdk.models.views import View

from bot.asks import notes
from bot.asks.rules import (
    MAX_FIELD_LENGTH,
    MAX_REASON_LENGTH,
    MAX_TITLE_LENGTH,
    MAX_TOPICS,
    MAX_WHAT_WORKED_LENGTH,
    form_values,
)
from bot.slack import rich_text
from bot.slack.blocks import (
    button,
    button_row,
    channel_input,
    form_about,
    mrkdwn_line,
    text_input,
)
from bot.slack.text import to_plain, truncate

# Slack's own line says that Enter submits.
ENTER_HINT = "Press Enter to see what has helped others."
# The block for those who never asked.
ASKING_WELL = "asking_well"
_NO_OPTIONS = "The asker, champions and admins can reopen it."
_MAX_TOPICS_LENGTH = 150


def ask_form(
    *,
    channel: str | None = None,
    # Without `channel`, preselect the channel in which the member opened the form.
    use_current_channel: bool = False,
    channel_topics: Sequence[str] = (),
    title: str = "",
    details: str = "",
    topics: Sequence[str] = (),
    ask_id: int | None = None,
    # The check-in response in which the member says what they are stuck on.
    checkin_id: int | None = None,
    hint: str | None = None,
    # The member has never asked: tell them how to ask well.
    is_first: bool = False,
    # Earlier asks that may be similar, and what the next look is to know of this one.
    similar: Sequence[Block] = (),
    # The fields of other features, below those of the ask.
    more: Sequence[Block] = (),
    looks: Mapping[str, object] | None = None,
    # The texts are what the member has typed in the form so far: plain text.
    is_typed: bool = False,
    # Have Slack report each character of the question, instead of Enter.
    reports_typing: bool = False,
) -> View:
    """Build the form of a new ask, or of the ask `ask_id`, with mrkdwn texts in it."""
    if is_typed:
        title_value, details_value = title, details
    else:
        title_value, details_value = form_values(title, details)
    blocks: list[Block] = []
    if hint:
        blocks.append(mrkdwn_line(hint))
    if is_first:
        blocks.append(_asking_well())
    blocks += [
        text_input(
            "title",
            "Question",
            value=title_value,
            limit=MAX_TITLE_LENGTH,
            placeholder="How do I …?",
            has_focus=True,
            hint=ENTER_HINT if ask_id is None and not reports_typing else None,
            action="ask_title" if ask_id is None else None,
            action_trigger=(
                "on_character_entered" if reports_typing else "on_enter_pressed"
            ),
        ),
        *similar,
        text_input(
            "details",
            "Details",
            value=details_value,
            limit=MAX_FIELD_LENGTH,
            placeholder="What you tried, what happened, what you expected",
            is_optional=True,
            is_multiline=True,
        ),
    ]
    if ask_id is None:
        blocks.append(
            channel_input(
                "Channel",
                action_id="ask_channel",
                channel=channel,
                use_current_channel=use_current_channel,
                reports_choice=True,
            )
        )
    blocks += _topic_inputs(channel_topics, topics, reports_choice=ask_id is None)
    blocks += more
    return View(
        type="modal",
        callback_id="ask" if ask_id is None else "edit_ask",
        title="Ask your peers" if ask_id is None else "Edit your ask",
        submit="Ask" if ask_id is None else "Save",
        close="Cancel",
        private_metadata=json.dumps(
            ({"ask": ask_id} if checkin_id is None else {"checkin": checkin_id})
            | dict(looks or {})
        ),
        blocks=blocks,
    )


def _asking_well() -> SectionBlock:
    return SectionBlock(block_id=ASKING_WELL, text=notes.asking_well()[0])


def _topic_inputs(
    channel_topics: Sequence[str], topics: Sequence[str], *, reports_choice: bool
) -> list[Block]:
    options = [Option(text=topic, value=topic) for topic in channel_topics[:100]]
    selected = [topic for topic in topics if topic in channel_topics][:MAX_TOPICS]
    others = [topic for topic in topics if topic not in selected]
    blocks: list[Block] = []
    if options:
        blocks.append(
            InputBlock(
                block_id="topics",
                label="Topics",
                optional=True,
                dispatch_action=reports_choice or None,
                element=StaticMultiSelectElement(
                    action_id="ask_topics" if reports_choice else "topics",
                    placeholder="Choose topics",
                    options=options,
                    initial_options=[o for o in options if o.value in selected] or None,
                    max_selected_items=MAX_TOPICS,
                ),
            )
        )
    blocks.append(
        text_input(
            "more_topics",
            "Other topics" if options else "Topics",
            value=truncate(", ".join(others), _MAX_TOPICS_LENGTH),
            limit=_MAX_TOPICS_LENGTH,
            hint=f"Up to {MAX_TOPICS}, separated by commas",
            is_optional=True,
        )
    )
    return blocks


def close_form(ask_id: int, title: str, asker: str) -> View:
    """Build the form that closes another member's ask, with a reason for them."""
    return form_about(
        "close_ask",
        ("ask", ask_id),
        title,
        text_input(
            "reason",
            "Why?",
            limit=MAX_REASON_LENGTH,
            hint=f"{asker} will read it, and can reopen the ask.",
        ),
        title="Close this ask",
        submit="Close it",
    )


def delete_form(ask_id: int, title: str) -> View:
    return form_about(
        "delete_ask",
        ("ask", ask_id),
        title,
        SectionBlock(
            text="The ask's message disappears for everyone. The answers stay."
        ),
        title="Delete this ask?",
        submit="Delete it",
        close="Keep it",
    )


def what_worked_form(ask_id: int, title: str, what_worked: str | None) -> View:
    return form_about(
        "worked",
        ("ask", ask_id),
        title,
        text_input(
            "worked",
            "In one line",
            value=truncate(to_plain(what_worked or ""), MAX_WHAT_WORKED_LENGTH),
            limit=MAX_WHAT_WORKED_LENGTH,
            hint="Shown with the ask, for the next person.",
        ),
        title="What worked?",
        submit="Save",
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
    # The ways in which the member has joined already: "looking", "same".
    joined: Collection[str] = (),
    is_own_message: bool = False,
    # The blocks of other features.
    more: Sequence[Block] = (),
) -> View:
    """Build the modal with a member's `available` options (keys of OPTION_LABELS)."""
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
        mrkdwn_line(f"This ask is *{state}*."),
    ]
    if available:
        buttons = [
            button(labels[option], f"option_{option}", ask_id) for option in available
        ]
        blocks.append(button_row(*buttons))
    else:
        blocks.append(SectionBlock(text=_NO_OPTIONS))
    return View(
        type="modal",
        callback_id="ask_options",
        title="Ask options",
        close="Done",
        blocks=[*blocks, *more],
    )
