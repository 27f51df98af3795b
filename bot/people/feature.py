"""The people feature: what matching knows about members."""

from bot.feature import Feature
from bot.people import home, personal_data, place_messages, places, settings

PEOPLE = Feature(
    name="people",
    message_types=place_messages.MESSAGE_TYPES,
    on_member_joined=places.on_member_joined,
    on_member_left=places.on_member_left,
    on_channel_id_changed=places.on_channel_id_changed,
    message_policies=personal_data.MESSAGES,
    personal_data=personal_data.PERSONAL_DATA,
    home_sections=home.HOME_SECTIONS,
    member_settings=settings.MEMBER_SETTINGS,
    workspace_settings=settings.WORKSPACE_SETTINGS,
)
