"""The settings of a channel, of the workspace and of a member, as a feature."""

from bot import permissions
from bot.feature import Feature
from bot.runtime import Transaction
from bot.settings import blocks, channel, member, personal_data, service, workspace
from models import Channel


def _on_bot_joined(tx: Transaction, joined: Channel, _inviter: str | None) -> None:
    service.apply_channel_defaults(tx, joined)


SETTINGS = Feature(
    name="settings",
    permissions=(
        permissions.MANAGE_CHANNEL,
        permissions.MANAGE_WORKSPACE,
        permissions.NAME_PROGRAM_LEADS,
        permissions.EDIT_OWN_SETTINGS,
    ),
    personal_data=personal_data.PERSONAL_DATA,
    channel_settings=channel.SETTINGS,
    workspace_settings=workspace.SETTINGS,
    member_settings=member.SETTINGS,
    help_lines=lambda _emoji: [blocks.HELP],
    on_bot_joined=_on_bot_joined,
)
