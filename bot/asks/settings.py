"""The settings of asks for a channel."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.asks import emoji_rules, unmatched
from bot.errors import UserError
from bot.forms.fields import Choice, Emoji, Topics
from bot.forms.setting import Setting, column_setting
from bot.runtime import Transaction
from bot.slack import emoji
from bot.workspace import channels
from models import Channel

CAPTURE_CHOICES = (
    ("off", "Only what people ask with /ask", "Nothing else is kept."),
    (
        "questions",
        "Also messages that contain a question",
        "I keep the IDs of other messages and reactions for some days. No text.",
    ),
    (
        "all",
        "Also every message that starts a thread",
        "For channels that only have questions.",
    ),
)
CAPTURE_INDICATOR_CHOICES = (
    ("reaction", "With a reaction: 📌, then ✅", None),
    ("line", "With a line in its thread", "The line has buttons for your peers."),
    ("nothing", "Only with ✅ when it's solved", None),
)


def _put_capture(tx: Transaction, channel: Channel, capture: str) -> None:
    if capture == "off" and channel.capture != "off":
        unmatched.delete_for_channel(tx.session, channel.id)
    channel.capture = capture


CHANNEL_SETTINGS: Sequence[Setting[Channel]] = (
    Setting(
        Choice(name="capture", label="What becomes an ask", choices=CAPTURE_CHOICES),
        lambda _, channel: channel.capture,
        _put_capture,
        default="off",
        position=10,
    ),
    column_setting(
        Choice(
            name="capture_indicator",
            label="How I show that a message became an ask",
            choices=CAPTURE_INDICATOR_CHOICES,
        ),
        default="reaction",
        position=20,
    ),
    column_setting(
        Topics(
            name="topics",
            label="Topics",
            hint="Separated by commas. People can add their own.",
        ),
        position=40,
    ),
    channels.emoji_setting(
        Emoji(
            name="helpful",
            label="Emoji for helpful",
            hint="Works on an answer, from anyone but its author.",
        ),
        "helpful_emoji",
        position=50,
        default=emoji_rules.DEFAULT_HELPFUL,
    ),
    channels.emoji_setting(
        Emoji(
            name="solved",
            label="Emoji for solved",
            hint="Works on an answer, from the person who asked.",
        ),
        "solved_emoji",
        position=60,
        default=emoji_rules.DEFAULT_SOLVED,
    ),
)


def check_channel_settings(values: Mapping[str, Any]) -> None:
    """Raise UserError if an emoji would have two meanings."""
    if emoji.overlap(values["helpful"], values["solved"]):
        raise UserError("One emoji can't mean both helpful and solved.", field="solved")
    emoji_rules.require_free(values["solved"], field="solved")
