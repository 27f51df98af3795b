"""The bot's introduction in a channel, and its greeting of newcomers."""

import json
from collections.abc import Sequence

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    DividerBlock,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.programs.blocks import rule_list
from bot.programs.rules import MAX_TIME_LENGTH, Texts
from bot.slack import rich_text
from bot.slack.blocks import Note, button, button_row, mrkdwn_line, sentence_note
from bot.slack.rich_text import Part, bold, channel_mention, fallback_text
from bot.slack.text import to_plain, truncate

_PURPOSE = "I help people here ask each other for help, and see what worked."
_GREETING_INTRO = (
    "I'm Backswing. I help people there ask each other for help, and see what worked."
)
# By the number of rules; a program has no more.
_RULE_TITLES = (
    "",
    "One short rule",
    "Two short rules",
    "Three short rules",
    "Four short rules",
    "Five short rules",
)
_OPTIONAL = "Taking part is optional. Nobody is ranked."
_MAX_ELEMENTS = 8
# Slack's limit for the text of a button.
_MAX_BUTTON = 75
_HELP_HINT = "Type `/backswing help` for more."


def _rules(texts: Texts) -> Block:
    return rule_list(_RULE_TITLES[len(texts.rules)], texts.rules)


def _time(texts: Texts) -> Block:
    needed = rich_text.tokens(
        texts.time_needed, limit=MAX_TIME_LENGTH, max_elements=_MAX_ELEMENTS
    )
    stop = "" if texts.time_needed.endswith((".", "!", "?", "…")) else "."
    return rich_text.inline(bold("Time: "), *needed, f"{stop} {_OPTIONAL}")


def introduction(texts: Texts) -> Note:
    """Build the introduction for a channel; `texts` are the workspace's program."""
    return f"Hello, I'm Backswing. {_PURPOSE}", [
        SectionBlock(text=f"*Hello, I'm Backswing.* {_PURPOSE}"),
        _rules(texts),
        _time(texts),
        SectionBlock(
            text=(
                "*Leaving:* I only write to you about things you take part in."
                " `/backswing forget me` deletes what I know about you, and `/remove"
                " @Backswing` takes me out of this channel."
            )
        ),
        mrkdwn_line(_HELP_HINT),
    ]


def preview(
    channel_id: int, channel: str, name: str, introduction_blocks: Sequence[Block]
) -> Note:
    """Build the preview of the introduction, for the member who invited the bot.

    `channel` is Slack's id; `introduction_blocks` is what would be posted.
    """
    parts: list[Part] = [
        "Thank you for inviting me to ",
        channel_mention(channel, name),
        ". May I introduce myself there? Only you see this until you post it:",
    ]
    return fallback_text(*parts), [
        rich_text.inline(*parts),
        DividerBlock(),
        *introduction_blocks,
        DividerBlock(),
        button_row(_post_it(channel_id), _not_now(channel_id)),
    ]


def posted(channel: str, name: str) -> Note:
    """Build the note that replaces the preview after posting."""
    return sentence_note(
        "Done! I've introduced myself in ", channel_mention(channel, name), "."
    )


def already_posted(channel: str, name: str) -> Note:
    """Build the note that replaces the preview if another member has posted it."""
    return sentence_note(
        "I've already introduced myself in ", channel_mention(channel, name), "."
    )


def not_now(channel_id: int, channel: str, name: str) -> Note:
    """Build the note that replaces the preview; its button still posts it."""
    text, blocks = sentence_note(
        "OK, I won't introduce myself in ",
        channel_mention(channel, name),
        ". Everything else works.",
    )
    return text, [*blocks, button_row(_post_it(channel_id))]


def not_posted(channel: str, name: str, error: str) -> Note:
    """Build the note that it was not posted; `error` is Slack's code, or "unknown"."""
    mention = channel_mention(channel, name)
    if error == "unknown":
        return sentence_note(
            "I'm not sure my introduction made it to ", mention, ". Please check."
        )
    return sentence_note(
        "Slack didn't let me introduce myself in ",
        mention,
        ". To try again, type /backswing there.",
    )


def _post_it(channel_id: int) -> ButtonElement:
    return button("Post it", "introduction_post", channel_id, style="primary")


def _not_now(channel_id: int) -> ButtonElement:
    return button("Not now", "introduction_not_now", channel_id)


def settings_offer(channel_id: int) -> list[Block]:
    """Build the section of a channel's settings that offers the introduction."""
    return [
        DividerBlock(),
        SectionBlock(
            text="I haven't introduced myself in this channel yet.",
            accessory=button("See the message", "introduction_open", channel_id),
        ),
    ]


def preview_modal(channel_id: int, introduction_blocks: Sequence[Block]) -> View:
    """Build the preview as a modal, for champions and admins, who get no message."""
    return View(
        type="modal",
        callback_id="introduction",
        title="Introduce Backswing",
        submit="Post it",
        close="Not now",
        private_metadata=json.dumps({"channel": channel_id}),
        blocks=[
            mrkdwn_line("This is what the channel would see."),
            *introduction_blocks,
        ],
    )


def greeting(
    channel: str,
    name: str,
    texts: Texts,
    *,
    joinable_program: int | None = None,
    more: Sequence[Block] = (),
) -> Note:
    """Build the greeting of a newcomer to a channel. `channel` is Slack's id.

    `texts` are those of the workspace's own program; `joinable_program` is its id if
    the newcomer may join it, and `more` what other features offer.
    """
    parts: list[Part] = [
        "Welcome to ",
        channel_mention(channel, name),
        f"! {_GREETING_INTRO}",
    ]
    return fallback_text(*parts), [
        rich_text.inline(*parts),
        _rules(texts),
        _time(texts),
        button_row(
            ButtonElement(text="Ask your peers", action_id="home_ask"),
            *([_join(joinable_program, texts)] if joinable_program else []),
            ButtonElement(text="No more greetings", action_id="greetings_off"),
        ),
        *more,
        mrkdwn_line(
            f"This is my only greeting. There's nothing you need to do. {_HELP_HINT}"
        ),
    ]


def _join(program_id: int, texts: Texts) -> ButtonElement:
    label = truncate(f"Join {to_plain(texts.name)}", _MAX_BUTTON)
    return button(label, "program_join", program_id)


def greetings_off() -> Note:
    """Build the note that replaces a greeting whose button was pressed."""
    return sentence_note(
        "OK, no more greetings. Everything else works as before. Your asks and"
        " settings are on my Home tab."
    )


# For champions


def say_hello(
    name: str, channel: tuple[str, str], day: str
) -> tuple[Sequence[Part], Sequence[Part]]:
    """Return what a champion could do for a newcomer, and why, as parts.

    `channel` is Slack's id and the name; `day` is "today" or "on 2 Mar".
    """
    return [
        f"Say hello to {name}, who joined ",
        channel_mention(*channel),
        f" {day}.",
    ], ["As far as I can see, nobody has written to them yet."]
