"""The people feature: what matching knows about members."""

from bot.feature import Feature
from bot.people import personal_data, settings

PEOPLE = Feature(
    name="people",
    personal_data=personal_data.PERSONAL_DATA,
    member_settings=settings.MEMBER_SETTINGS,
)
