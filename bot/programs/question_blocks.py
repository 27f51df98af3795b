"""Questions to the leads of a program, and their answers. Pure."""

from collections.abc import Sequence

from slack_sdk.models.views import View

from bot.programs.join_blocks import done_modal, join_button, leave_button, short_name
from bot.slack import rich_text
from bot.slack.blocks import (
    Note,
    button,
    button_row,
    context_line,
    form_about,
    name_list,
    sentence_note,
    text_input,
)
from bot.slack.text import to_plain, truncate

MAX_QUESTION_LENGTH = 2000


def question_form(program_id: int, name: str, leads: Sequence[str]) -> View:
    """Build the form of a question to the leads, who have plain names."""
    return form_about(
        "program_ask",
        ("program", program_id),
        name,
        text_input(
            "question",
            "Your question",
            limit=MAX_QUESTION_LENGTH,
            is_multiline=True,
            has_focus=True,
            hint=f"It goes to {name_list(leads)}, with your name. I bring you the"
            " answer.",
        ),
        title="Ask first",
        submit="Send",
    )


def question_sent(leads: Sequence[str]) -> View:
    return done_modal(
        "Sent",
        f"{name_list(leads)} will get it in their hours. I'll bring you the answer.",
    )


def question(
    question_id: int,
    asker: str,
    name: str,
    text: str,
    *,
    answered_by: str = "",
    answer: str = "",
) -> Note:
    """Build the message to a lead. Names of people are plain, texts mrkdwn."""
    fallback, blocks_ = sentence_note(f"{asker} asks about {short_name(name)}:")
    blocks_.append(rich_text.user_text(text, limit=MAX_QUESTION_LENGTH))
    if not answered_by:
        reply = button("Reply", "program_reply", question_id, style="primary")
        return fallback, [*blocks_, button_row(reply)]
    blocks_.append(rich_text.inline(f"{answered_by} answered:"))
    if answer:
        blocks_.append(rich_text.user_text(answer, limit=MAX_QUESTION_LENGTH))
    return fallback, blocks_


def reply_form(question_id: int, text: str) -> View:
    return form_about(
        "program_reply",
        ("question", question_id),
        text,
        text_input(
            "answer",
            "Your answer",
            limit=MAX_QUESTION_LENGTH,
            is_multiline=True,
            has_focus=True,
            hint="I bring it to them, with your name.",
        ),
        title="Reply",
        submit="Send",
    )


def answer(
    program_id: int,
    name: str,
    *,
    lead: str,
    question_text: str,
    text: str,
    is_joined: bool,
    can_join: bool,
) -> Note:
    """Build the answer of a lead; names of people are plain, texts mrkdwn."""
    fallback, blocks_ = sentence_note(f"{lead} answered you about {short_name(name)}:")
    join = [join_button(program_id)] if can_join else []
    leave = [leave_button(program_id)] if is_joined else []
    return fallback, [
        *blocks_,
        rich_text.user_text(text, limit=MAX_QUESTION_LENGTH),
        context_line(f"You asked: {truncate(to_plain(question_text), 200)}"),
        button_row(*join, button("Ask again", "program_ask", program_id), *leave),
    ]
