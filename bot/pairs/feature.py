"""The pairs feature: members who are matched to learn from each other."""

from bot.feature import Feature
from bot.pairs import personal_data

PAIRS = Feature(name="pairs", personal_data=personal_data.PERSONAL_DATA)
