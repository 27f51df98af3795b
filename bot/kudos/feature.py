"""The kudos feature."""

from collections.abc import Sequence

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
from models import Channel


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
    help_lines=_help_lines,
    channel_columns=("join_emoji", "kudos_emoji"),
    on_reaction=events.on_reaction,
    on_message_deleted=events.on_message_deleted,
    on_member_loaded=reactions.on_user_loaded,
)
