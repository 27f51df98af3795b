"""The kudos feature."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, select

from bot.feature import Feature
from bot.home.section import HomeContext, HomeSection, RenderedSection
from bot.kudos import (
    events,
    history,
    notes,
    notifications,
    permissions,
    personal_data,
    reactions,
    rules,
    settings,
    work_items,
)
from bot.runtime import Transaction
from models import Channel, Kudos, KudosThanks


def _render_recent(context: HomeContext) -> RenderedSection:
    rows = history.recent(context.tx, context.member)
    return RenderedSection(rows, is_hidden_from_new=True)


def _help_lines(channel: Channel | None) -> Sequence[str]:
    return [
        notes.help_line(
            rules.join_emoji(channel.join_emoji if channel else None),
            rules.kudos_emoji(channel.kudos_emoji if channel else None),
        )
    ]


def _active_members(
    tx: Transaction, _program_id: int, channel_ids: Collection[int], since: datetime
) -> Sequence[Select[str]]:
    """Return a query for the members who thanked someone there."""
    is_there = Kudos.channel_id.in_(channel_ids)
    is_about = Kudos.about_channel_id.in_(channel_ids)
    query = (
        select(KudosThanks.giver)
        .join(Kudos, Kudos.id == KudosThanks.kudos_id)
        .where(
            KudosThanks.installation_id == tx.workspace.id,
            KudosThanks.given_at >= since,
            is_there | is_about,
        )
    )
    return [query]


KUDOS = Feature(
    name="kudos",
    message_types=notifications.MESSAGE_TYPES,
    permissions=permissions.PERMISSIONS,
    personal_data=personal_data.PERSONAL_DATA,
    erasure_lines=personal_data.ERASURE_LINES,
    message_policies=personal_data.MESSAGES,
    homes_about=personal_data.homes_about,
    channel_settings=settings.CHANNEL_SETTINGS,
    check_channel_settings=settings.check_channel_settings,
    workspace_settings=settings.WORKSPACE_SETTINGS,
    home_sections=(HomeSection(render=_render_recent, position=200),),
    is_active=history.has_any,
    work_items=(work_items.A_FIRST,),
    active_members=_active_members,
    help_lines=_help_lines,
    channel_columns=("join_emoji", "kudos_emoji"),
    on_reaction=events.on_reaction,
    on_message_deleted=events.on_message_deleted,
    on_member_loaded=reactions.on_user_loaded,
)
