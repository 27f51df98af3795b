"""The kudos feature."""

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
    settings,
)


def _render_recent(context: HomeContext) -> RenderedSection:
    rows = history.recent(context.tx, context.member)
    return RenderedSection(rows, is_hidden_from_new=True)


KUDOS = Feature(
    name="kudos",
    message_types=notifications.MESSAGE_TYPES,
    permissions=permissions.PERMISSIONS,
    personal_data=personal_data.PERSONAL_DATA,
    message_policies=personal_data.MESSAGES,
    homes_about=personal_data.homes_about,
    channel_settings=settings.CHANNEL_SETTINGS,
    check_channel_settings=settings.check_channel_settings,
    workspace_settings=settings.WORKSPACE_SETTINGS,
    home_sections=(HomeSection(render=_render_recent, position=200),),
    is_active=history.has_any,
    help_lines=lambda emoji: [notes.help_line(emoji)],
    on_reaction=events.on_reaction,
    on_message_deleted=events.on_message_deleted,
    on_member_loaded=reactions.on_user_loaded,
)
