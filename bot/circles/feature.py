"""The circles feature: a few people who meet some times."""

from bot.circles import personal_data
from bot.feature import Feature

CIRCLES = Feature(
    name="circles",
    personal_data=personal_data.PERSONAL_DATA,
)
