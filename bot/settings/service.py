"""Show, check and store the settings of channels, the workspace and members."""

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
from bot.settings.member import check_member_settings
from bot.settings.workspace import (
    PROGRAM_LEADS,
    channel_defaults,
    check_workspace_settings,
)
from bot.slack.emoji import custom_names
from bot.workspace import (
    channels,
    leads,
    member_settings,
    members,
    roles,
    workspace_settings,
)
from models import Channel


def channel_form(tx: Transaction, channel: Channel, *, by: str) -> View:
    """Return the form of a channel's settings; raises UserError if `by` may not."""
    roles.authorize(tx, channel, MANAGE_CHANNEL, by)
    return forms.channel_form(
        channel.slack_id,
        channel.name,
        [s.render(tx, channel) for s in tx.features.channel_settings],
        [
            block
            for section in tx.features.channel_settings_sections
            for block in section(tx, channel)
        ],
    )


def update_channel(
    tx: Transaction, channel: Channel, form: FormValues, *, by: str
) -> list[str]:
    """Store the settings, and return the emoji that may be misspelt.

    Raises UserError, with the field, and stores nothing if a value is wrong.
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
    """Return new names of non-standard emoji with which no member has reacted."""
    new_names: list[str] = []
    for setting in settings:
        if isinstance(setting.field, Emoji):
            old_names = setting.get(tx, owner)
            new_names += [n for n in values[setting.name] if n not in old_names]
    names = custom_names(new_names)
    used = {name for find in tx.features.used_emoji for name in find(tx, names)}
    return [name for name in names if name not in used]


def workspace_form(tx: Transaction, *, by: str) -> View:
    """Return the form of the workspace's settings; raises UserError if `by` may not."""
    settings = _workspace_settings(tx, by)
    return forms.workspace_form(
        [s.render(tx, None) for s in settings],
        [s.render(tx, None) for s in channel_defaults(tx.features.channel_settings)],
    )


def update_workspace(tx: Transaction, form: FormValues, *, by: str) -> list[str]:
    """Store the settings that `by` may change; return the emoji that may be misspelt.

    Raises UserError, with the field, and stores nothing if a value is wrong.
    """
    settings = [
        *_workspace_settings(tx, by),
        *channel_defaults(tx.features.channel_settings),
    ]
    values = read_values(settings, form)
    check_workspace_settings(values, tx.features.check_channel_settings)
    unknown = _unknown_emoji(tx, settings, None, values)
    for setting in settings:
        setting.put(tx, None, values[setting.name])
    return unknown


def member_form(tx: Transaction, member: str) -> View:
    """Return the form of a member's own settings; raises UserError for non-members."""
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, member))
    return forms.member_form(
        [
            setting.render(tx, member)
            for setting in tx.features.member_settings
            if setting.is_offered is None or setting.is_offered(tx, member)
        ],
        members.zone(tx, member).key,
    )


def update_member(tx: Transaction, form: FormValues, *, member: str) -> None:
    """Store a member's own settings; raises UserError, with the field."""
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, member))
    today = members.today(tx, member)
    # Those that the form asked about when it was opened.
    settings = [
        setting
        for setting in tx.features.member_settings
        if setting.is_offered is None or form.has_block(setting.name)
    ]
    values = read_values(settings, form)
    check_member_settings(values, today=today)
    for setting in settings:
        setting.put(tx, member, values[setting.name])
    home_refresh.refresh_homes(tx, [member], delay=timedelta())


def end_pause(tx: Transaction, member: str) -> None:
    """End the member's pause. Raises UserError for non-members."""
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, member))
    member_settings.update(tx, member, paused_until=None)
    home_refresh.refresh_homes(tx, [member], delay=timedelta())


def _workspace_settings(tx: Transaction, by: str) -> list[Setting[None]]:
    by_roles = roles.in_workspace(tx, by)
    require(MANAGE_WORKSPACE, by_roles)
    naming = [PROGRAM_LEADS] if is_allowed(NAME_PROGRAM_LEADS, by_roles) else []
    return [*naming, *tx.features.workspace_settings]


def newly_selected_users(
    tx: Transaction, form: FormValues, channel: Channel | None = None, *, by: str
) -> set[str]:
    """Return the people whom a settings form adds to a list of people.

    The caller fetches their profiles, which decide whether they may be added; fetching
    all of the people's would take longer than Slack waits. Raises UserError if `by` may
    not change the settings.
    """
    if channel is None:
        _workspace_settings(tx, by)
        current = leads.program_leads(tx)
    else:
        roles.authorize(tx, channel, MANAGE_CHANNEL, by)
        current = channels.champions(tx.session, channel.id)
    return {
        person
        for person in _selected_users(tx, form)
        if person not in current or not roles.in_workspace(tx, person)
    }


def _selected_users(tx: Transaction, form: FormValues) -> list[str]:
    fields = [setting.field for setting in tx.features.channel_settings]
    return [
        person
        for field in (*fields, PROGRAM_LEADS.field)
        if isinstance(field, People)
        for person in field.read(form)
    ]


def apply_channel_defaults(tx: Transaction, channel: Channel) -> None:
    """Apply the workspace's defaults on the bot's first join of a channel."""
    if channel.bot_joined_at is not None:
        return
    channel.bot_joined_at = tx.now
    defaults = workspace_settings.get(tx).channel_defaults
    for setting in tx.features.channel_settings:
        if setting.name in defaults:
            setting.put(tx, channel, defaults[setting.name])


def apply_missed_channel_defaults(tx: Transaction) -> None:
    """Apply the defaults in the bot's channels whose join event we have missed."""
    missed = select(Channel).filter_by(
        installation_id=tx.workspace.id, is_joined=True, bot_joined_at=None
    )
    for channel in tx.session.scalars(missed.order_by(Channel.id)):
        apply_channel_defaults(tx, channel)
