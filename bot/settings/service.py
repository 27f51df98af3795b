"""Settings of a channel and of the workspace: shown, checked, recorded."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from slack_sdk.models.views import View
from sqlalchemy import select

from bot.forms.fields import Emoji, FormValues, People
from bot.forms.setting import Owner, Setting, read_values
from bot.outbox import home_refresh
from bot.permissions import (
    EDIT_OWN_SETTINGS,
    MANAGE_CHANNEL,
    MANAGE_WORKSPACE,
    NAME_PROGRAM_LEADS,
    is_allowed,
    require,
)
from bot.runtime import Transaction
from bot.settings import forms
from bot.settings import member as of_member
from bot.settings import workspace as of_workspace
from bot.slack.emoji import custom_names
from bot.workspace import channels, member_settings, members, roles, workspace_settings
from bot.workspace.reaction_emoji import ChannelEmoji
from models import Channel


def help_text(tx: Transaction, channel: Channel | None) -> str:
    """Return what everybody can do, with the emoji of the channel, if there is one."""
    return tx.features.help_text(
        ChannelEmoji(
            channels.helpful_emoji(channel),
            channels.solved_emoji(channel),
            channels.join_emoji(channel),
            channels.kudos_emoji(channel),
        )
    )


def channel_form(tx: Transaction, channel: Channel, *, by: str) -> View:
    """A channel's settings; raises UserError for all but its champions and admins."""
    roles.authorize(tx, channel, MANAGE_CHANNEL, by)
    return forms.channel_form(
        channel.slack_id,
        channel.name,
        [s.field.render(s.get(tx, channel)) for s in tx.features.channel_settings],
        [
            block
            for section in tx.features.channel_settings_sections
            for block in section(tx, channel)
        ],
    )


def update_channel(
    tx: Transaction, channel: Channel, form: FormValues, *, by: str
) -> list[str]:
    """Record the settings, and return the emoji to ask about.

    Raises UserError, with the field, for what makes no sense: then nothing changes.
    """
    roles.authorize(tx, channel, MANAGE_CHANNEL, by)
    values = read_values(tx.features.channel_settings, form)
    tx.features.check_channel_settings(values)
    unknown = _unknown_emoji(tx, tx.features.channel_settings, channel, values)
    for setting in tx.features.channel_settings:
        setting.put(tx, channel, values[setting.name])
    return unknown


def _unknown_emoji(
    tx: Transaction,
    settings: Sequence[Setting[Owner]],
    owner: Owner,
    values: Mapping[str, Any],
) -> list[str]:
    """Return the new names that Slack does not have, and that nobody reacted with."""
    chosen: list[str] = []
    for setting in settings:
        if isinstance(setting.field, Emoji):
            before = setting.get(tx, owner)
            chosen += [n for n in values[setting.name] if n not in before]
    names = custom_names(chosen)
    used = {name for find in tx.features.used_emoji for name in find(tx, names)}
    return [name for name in names if name not in used]


def workspace_form(tx: Transaction, *, by: str) -> View:
    """The workspace's settings; raises UserError if they may not change them."""
    shown = _workspace_settings(tx, by)
    return forms.workspace_form(
        [s.field.render(s.get(tx, None)) for s in shown],
        [
            s.field.render(s.get(tx, None))
            for s in of_workspace.channel_defaults(tx.features.channel_settings)
        ],
    )


def update_workspace(tx: Transaction, form: FormValues, *, by: str) -> list[str]:
    """Record the settings that the person may change; return the emoji to ask about.

    Raises UserError.
    """
    settings = [
        *_workspace_settings(tx, by),
        *of_workspace.channel_defaults(tx.features.channel_settings),
    ]
    values = read_values(settings, form)
    of_workspace.check(values, tx.features.check_channel_settings)
    unknown = _unknown_emoji(tx, settings, None, values)
    for setting in settings:
        setting.put(tx, None, values[setting.name])
    return unknown


def member_form(tx: Transaction, member: str) -> View:
    """The member's own settings; raises UserError for a person who is no member."""
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, member))
    return forms.member_form(
        [s.field.render(s.get(tx, member)) for s in tx.features.member_settings],
        members.zone(tx, member).key,
    )


def update_member(tx: Transaction, form: FormValues, *, member: str) -> None:
    """Record a member's own settings; raises UserError, with the field."""
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, member))
    today = members.today(tx, member)
    values = read_values(tx.features.member_settings, form)
    of_member.check(values, today=today)
    for setting in tx.features.member_settings:
        setting.put(tx, member, values[setting.name])
    home_refresh.refresh_homes(tx, [member], delay=timedelta())


def end_pause(tx: Transaction, member: str) -> None:
    """End the member's pause. Raises UserError for a person who is no member."""
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, member))
    member_settings.update(tx, member, paused_until=None)
    home_refresh.refresh_homes(tx, [member], delay=timedelta())


def _workspace_settings(tx: Transaction, by: str) -> list[Setting[None]]:
    by_roles = roles.in_workspace(tx, by)
    require(MANAGE_WORKSPACE, by_roles)
    leads = (
        [of_workspace.PROGRAM_LEADS] if is_allowed(NAME_PROGRAM_LEADS, by_roles) else []
    )
    return [*leads, *tx.features.workspace_settings]


def newly_selected_users(
    tx: Transaction, form: FormValues, channel: Channel | None = None, *, by: str
) -> set[str]:
    """Return the people whom a settings form adds.

    The decision needs their profiles; fetching everybody's would take longer than Slack
    waits. Raises UserError for a member who may not change the settings.
    """
    if channel is None:
        _workspace_settings(tx, by)
        chosen = workspace_settings.program_leads(tx)
    else:
        roles.authorize(tx, channel, MANAGE_CHANNEL, by)
        chosen = channels.champions(tx.session, channel.id)
    return {
        person
        for person in _selected_users(tx, form)
        if person not in chosen or not roles.in_workspace(tx, person)
    }


def _selected_users(tx: Transaction, form: FormValues) -> list[str]:
    fields = [setting.field for setting in tx.features.channel_settings]
    return [
        person
        for field in (*fields, of_workspace.PROGRAM_LEADS.field)
        if isinstance(field, People)
        for person in field.read(form)
    ]


def apply_channel_defaults(tx: Transaction, channel: Channel) -> None:
    """The bot comes to a channel: the first time, the workspace's defaults with it."""
    if channel.bot_joined_at is not None:
        return
    channel.bot_joined_at = tx.now
    chosen = workspace_settings.get(tx).channel_defaults
    for setting in tx.features.channel_settings:
        if setting.name in chosen:
            setting.put(tx, channel, chosen[setting.name])


def apply_missed_channel_defaults(tx: Transaction) -> None:
    """`begin` where the bot is, and nobody said that it came."""
    unheard = select(Channel).filter_by(
        installation_id=tx.workspace.id, is_joined=True, bot_joined_at=None
    )
    for channel in tx.session.scalars(unheard.order_by(Channel.id)):
        apply_channel_defaults(tx, channel)
