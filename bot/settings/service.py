"""Settings of a channel and of the workspace: shown, checked, recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import timezones
from bot.asks import reaction_store as answers
from bot.forms.fields import Emoji, FormValues, People
from bot.forms.setting import Owner, Setting, read_values
from bot.mentors import consent
from bot.outbox import home_refresh
from bot.permissions import Action, is_allowed, require
from bot.runtime import Workspace
from bot.settings import blocks, forms
from bot.settings import channel as of_channel
from bot.settings import member as of_member
from bot.settings import workspace as of_workspace
from bot.slack.emoji import custom_names
from bot.workspace import channels, member_settings, members, roles, workspace_settings
from bot.workspace.member_settings import MemberSettingsUpdate
from models import Channel


def help_text(channel: Channel | None) -> str:
    """What everybody can do, with the emoji of the channel, if there is one."""
    return blocks.help_text(
        channels.helpful_emoji(channel),
        channels.solved_emoji(channel),
        channels.join_emoji(channel),
        channels.kudos_emoji(channel),
    )


def channel_form(session: Session, channel: Channel, *, by: str, now: datetime) -> View:
    """A channel's settings; raises Refusal for all but its champions and admins."""
    roles.authorize(session, channel, Action.MANAGE_CHANNEL, by, now=now)
    return forms.channel_form(
        channel.slack_id,
        channel.name,
        [s.field.render(s.get(session, channel)) for s in of_channel.SETTINGS],
        [
            block
            for section in of_channel.SECTIONS
            for block in section(session, channel, now)
        ],
    )


def update_channel(
    session: Session, channel: Channel, form: FormValues, *, by: str, now: datetime
) -> list[str]:
    """Record the settings, and return the emoji to ask about.

    Raises Refusal, with the field, for what makes no sense: then nothing changes.
    """
    roles.authorize(session, channel, Action.MANAGE_CHANNEL, by, now=now)
    values = read_values(of_channel.SETTINGS, form)
    of_channel.validate(values)
    unknown = _unknown_emoji(
        session, channel.installation_id, of_channel.SETTINGS, channel, values
    )
    for setting in of_channel.SETTINGS:
        setting.put(session, channel, values[setting.name])
    return unknown


def _unknown_emoji(
    session: Session,
    installation_id: int,
    settings: Sequence[Setting[Owner]],
    owner: Owner,
    values: Mapping[str, Any],
) -> list[str]:
    """Return the new names that Slack does not have, and that nobody reacted with."""
    chosen: list[str] = []
    for setting in settings:
        if isinstance(setting.field, Emoji):
            before = setting.get(session, owner)
            chosen += [n for n in values[setting.name] if n not in before]
    return answers.unused_emoji(session, installation_id, custom_names(chosen))


def workspace_form(session: Session, workspace: Workspace, *, by: str) -> View:
    """The workspace's settings; raises Refusal for whoever may not change them."""
    shown = _workspace_settings(session, workspace, by)
    return forms.workspace_form(
        [s.field.render(s.get(session, workspace.id)) for s in shown],
        [
            s.field.render(s.get(session, workspace.id))
            for s in of_workspace.CHANNEL_DEFAULTS
        ],
    )


def update_workspace(
    session: Session, workspace: Workspace, form: FormValues, *, by: str
) -> list[str]:
    """Record the settings that the person may change; return the emoji to ask about.

    Raises Refusal.
    """
    settings = [
        *_workspace_settings(session, workspace, by),
        *of_workspace.CHANNEL_DEFAULTS,
    ]
    values = read_values(settings, form)
    of_workspace.validate(values)
    unknown = _unknown_emoji(session, workspace.id, settings, workspace.id, values)
    for setting in settings:
        setting.put(session, workspace.id, values[setting.name])
    return unknown


def member_form(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> View:
    """The member's own settings; raises Refusal for who is no member."""
    require(Action.EDIT_OWN_SETTINGS, roles.in_workspace(session, workspace.id, member))
    chosen = member_settings.get(session, workspace.id, member)
    zone = members.zone(session, workspace.id, member)
    if not chosen.is_paused(timezones.local_date(now, zone)):
        chosen = replace(chosen, paused_until=None)
    return forms.member_form(
        [field.render(getattr(chosen, field.name)) for field in of_member.FIELDS],
        zone.key,
    )


def update_member(
    session: Session,
    workspace: Workspace,
    form: FormValues,
    *,
    member: str,
    now: datetime,
) -> None:
    """Record a member's own settings; raises Refusal, with the field."""
    require(Action.EDIT_OWN_SETTINGS, roles.in_workspace(session, workspace.id, member))
    today = timezones.local_date(now, members.zone(session, workspace.id, member))
    values = {field.name: field.read(form) for field in of_member.FIELDS}
    of_member.validate(values, today=today)
    kept = of_member.without_defaults(values, today=today)
    member_settings.update(
        session, workspace.id, member, **cast("MemberSettingsUpdate", kept)
    )
    match values["may_be_named"]:
        case "never":
            consent.opt_out(session, workspace.id, member, now=now)
        case "yes":
            consent.consent_all(session, workspace.id, member, now=now)
    home_refresh.refresh_homes(
        session, workspace.id, [member], now=now, delay=timedelta()
    )


def end_pause(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> None:
    """The bot may write to the member again. Raises Refusal for who is no member."""
    require(Action.EDIT_OWN_SETTINGS, roles.in_workspace(session, workspace.id, member))
    member_settings.update(session, workspace.id, member, paused_until=None)
    home_refresh.refresh_homes(
        session, workspace.id, [member], now=now, delay=timedelta()
    )


def can_manage_workspace(session: Session, workspace: Workspace, member: str) -> bool:
    held = roles.in_workspace(session, workspace.id, member)
    return is_allowed(Action.MANAGE_WORKSPACE, held)


def _workspace_settings(
    session: Session, workspace: Workspace, by: str
) -> list[Setting[int]]:
    held = roles.in_workspace(session, workspace.id, by)
    require(Action.MANAGE_WORKSPACE, held)
    leads = (
        [of_workspace.PROGRAM_LEADS]
        if is_allowed(Action.NAME_PROGRAM_LEADS, held)
        else []
    )
    return [*leads, *of_workspace.SETTINGS]


def newly_selected_users(
    session: Session,
    workspace: Workspace,
    form: FormValues,
    channel: Channel | None = None,
    *,
    by: str,
    now: datetime,
) -> set[str]:
    """Whom a form, of a channel or of the workspace, names who was not chosen before.

    On their facts a decision on it will rest; to ask Slack for everybody's would take
    longer than Slack waits. Raises Refusal for whoever may not change the settings.
    """
    if channel is None:
        _workspace_settings(session, workspace, by)
        chosen = workspace_settings.program_leads(session, workspace.id)
    else:
        roles.authorize(session, channel, Action.MANAGE_CHANNEL, by, now=now)
        chosen = channels.champions(session, channel.id)
    return {
        who
        for who in _selected_users(form)
        if who not in chosen or not roles.in_workspace(session, workspace.id, who)
    }


def _selected_users(form: FormValues) -> list[str]:
    fields = [setting.field for setting in of_channel.SETTINGS]
    return [
        person
        for field in (*fields, of_workspace.PROGRAM_LEADS.field)
        if isinstance(field, People)
        for person in field.read(form)
    ]


def apply_channel_defaults(
    session: Session, channel: Channel, *, now: datetime
) -> None:
    """The bot comes to a channel: the first time, the workspace's defaults with it."""
    if channel.arrived_at is not None:
        return
    channel.arrived_at = now
    chosen = workspace_settings.get(session, channel.installation_id).channel_defaults
    for setting in of_channel.SETTINGS:
        if setting.name in chosen:
            setting.put(session, channel, chosen[setting.name])


def apply_missed_channel_defaults(
    session: Session, workspace: Workspace, *, now: datetime
) -> None:
    """`begin` where the bot is, and nobody said that it came."""
    unheard = select(Channel).filter_by(
        installation_id=workspace.id, is_joined=True, arrived_at=None
    )
    for channel in session.scalars(unheard.order_by(Channel.id)):
        apply_channel_defaults(session, channel, now=now)
