"""Replies to members' direct messages to the bot. Pure."""

from slack_sdk.models.blocks import SectionBlock

from bot.slack.blocks import Note, button, button_row

_PEERS_CAN = "I can't answer questions myself, but your peers can."


def help_hint() -> Note:
    """Build the reply to a message that is neither a question nor asks for help."""
    text = f"{_PEERS_CAN} Type `/ask` and your question in a channel, or `help` here."
    return text, [SectionBlock(text=text)]


def help_message(help_text: str) -> Note:
    return help_text, [SectionBlock(text=help_text)]


def offer_to_ask(ts: str) -> Note:
    """Build the reply to a question; its button opens a form with the question's text.

    `ts` is the message with the question.
    """
    ask = button("Ask your peers", "ask_written", ts, style="primary")
    return _PEERS_CAN, [SectionBlock(text=_PEERS_CAN), button_row(ask)]
