"""The forms to find what helped, and to say so of an answer. Values in, views out."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, InputBlock, Option, RadioButtonsElement
from slack_sdk.models.views import View

from bot.knowledge.blocks import MAX_REASON, MAX_WORDS, EntryView
from bot.slack.blocks import (
    button,
    button_row,
    context_line,
    form_about,
    message_modal,
    text_input,
)
from bot.slack.text import SOMEONE, capitalize, to_plain, truncate

MAX_LINK = 500


# The limit of a choice, and of the line below it.
MAX_OPTION = 75


def solved_unasked(channel: str, ts: str) -> View:
    """Build the modal on top of the form whose question is answered already."""
    text = "Good. Nothing was posted. Close the form, and that's it."
    undo = button("Undo", "undo_helpful", f"{channel}:{ts}")
    return message_modal("Already solved", text, button_row(undo))


def find_form(words: str = "") -> View:
    return View(
        type="modal",
        callback_id="find",
        title="Find what helped",
        submit="Find",
        close="Cancel",
        blocks=[
            text_input(
                "words",
                "What are you looking for?",
                value=words,
                limit=MAX_WORDS,
                placeholder="VPN certificate expired",
                has_focus=True,
            )
        ],
    )


def results_modal(blocks: Sequence[Block]) -> View:
    return View(
        type="modal",
        callback_id="found",
        title="Find what helped",
        close="Close",
        blocks=list(blocks),
    )


def outdated_form(entry_id: int, title: str) -> View:
    return form_about(
        "outdated",
        ("entry", entry_id),
        title,
        text_input(
            "reason",
            "What has changed?",
            limit=MAX_REASON,
            hint="If two people say so, those who find this answer read it, without"
            " your name.",
            is_optional=True,
        ),
        title="Out of date?",
        submit="Say so",
    )


def pointer_form(ask_id: int, title: str, entries: Sequence[EntryView]) -> View:
    """Ask which earlier ask was the same problem; `title` is the ask's, as mrkdwn."""
    fields: list[Block] = []
    if entries:
        choices = [
            Option(
                value=str(entry.id),
                text=truncate(to_plain(entry.title), MAX_OPTION),
                description=truncate(
                    f"{capitalize(entry.author or SOMEONE)} · {entry.asked}", MAX_OPTION
                ),
            )
            for entry in entries
        ]
        fields.append(
            InputBlock(
                block_id="entry",
                label="Was it one of these?",
                optional=True,
                element=RadioButtonsElement(action_id="entry", options=choices),
            )
        )
    return form_about(
        "already_answered",
        ("ask", ask_id),
        title,
        *fields,
        text_input(
            "link",
            "Or paste a link" if entries else "A link to the earlier answer",
            limit=MAX_LINK,
            hint="To the earlier ask, or to an answer in its thread. In the menu of"
            " that message, choose Copy link.",
            is_optional=True,
        ),
        context_line("I'll post it in the ask's thread, with your name."),
        title="Already answered",
        submit="Post",
    )
