"""The bot's messages to people about the words of their answers."""

from bot.slack.blocks import Note, button, button_row, sentence_note
from bot.slack.rich_text import Part, channel_mention, link

# The channel's name for an author who can no longer see it.
HIDDEN_CHANNEL = "a private channel that you've left"


def channel_part(channel: str, name: str) -> Part:
    """`channel` is Slack's id."""
    return channel_mention(channel, name)


def notice(channel: Part, answer_url: str | None) -> Note:
    """Notify an author, once, before others can find their words.

    `answer_url` is None where they can no longer see the answer.
    """
    answer: Part = link(answer_url, "answer") if answer_url else "answer"
    text, blocks = sentence_note(
        "Your ",
        answer,
        " in ",
        channel,
        " helped, so I keep its words. Those who can see the channel will be able to"
        " find your answer. The same goes for your other answers that help.",
    )
    return text, [*blocks, button_row(button(_DONT_KEEP, "answer_texts_off", "off"))]


def not_kept() -> Note:
    """In place of the button's message."""
    text, blocks = sentence_note(
        "OK, I've deleted the words of your answers, and won't keep new ones. Your"
        " messages in Slack stay, and others may still find the link to them."
    )
    return text, [*blocks, button_row(button(_KEEP, "answer_texts_on", "on"))]


def kept() -> Note:
    """In place of the button's message."""
    text, blocks = sentence_note(
        "OK, I keep the words of your answers that help. Those who can see the channel"
        " can find them."
    )
    return text, [*blocks, button_row(button(_DONT_KEEP, "answer_texts_off", "off"))]


_DONT_KEEP = "Don't keep my words"
_KEEP = "Keep my words"
