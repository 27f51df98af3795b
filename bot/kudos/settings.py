"""The settings of kudos for a channel and for the workspace."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.asks import emoji_rules
from bot.errors import UserError
from bot.forms.fields import Emoji, Number, Switch
from bot.forms.setting import Setting, column_setting
from bot.kudos import allowance
from bot.kudos.rules import DEFAULT_JOIN, MAX_DAILY_ALLOWANCE
from bot.slack import emoji
from bot.workspace import channels
from models import Channel

CHANNEL_SETTINGS: Sequence[Setting[Channel]] = (
    channels.emoji_setting(
        Emoji(
            # Stored in `WorkspaceSettingsRow.channel_defaults`, so it keeps its name.
            name="second",
            label="Emoji to join in kudos",
            hint="Works on a kudos message, from anyone but its giver.",
        ),
        "join_emoji",
        position=70,
        default=DEFAULT_JOIN,
    ),
    channels.emoji_setting(
        Emoji(
            name="kudos",
            label="Emoji that gives kudos",
            hint="Works on any message. Leave it empty to turn this off.",
            is_required=False,
        ),
        "kudos_emoji",
        position=80,
        default=(),
    ),
    column_setting(
        Switch(
            name="allow_external_kudos",
            label="People from other organisations",
            tick_label="Can get kudos here",
        ),
        default=False,
        position=90,
    ),
)

WORKSPACE_SETTINGS: Sequence[Setting[None]] = (
    Setting(
        Number(
            name="daily_kudos_allowance",
            label="Kudos a day",
            hint="How many people one person can thank a day. It resets at midnight.",
            minimum=1,
            maximum=MAX_DAILY_ALLOWANCE,
        ),
        lambda tx, _owner: allowance.daily(tx),
        lambda tx, _owner, value: allowance.set_daily(tx, value),
        position=10,
    ),
)


def check_channel_settings(values: Mapping[str, Any]) -> None:
    """Raise UserError if an emoji would have two meanings."""
    for meaning in ("helpful", "solved"):
        if emoji.overlap(values[meaning], values["kudos"]):
            raise UserError(
                f"One emoji can't mean both {meaning} and kudos.", field="kudos"
            )
    emoji_rules.require_free(values["kudos"], field="kudos")
