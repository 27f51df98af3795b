"""Knowledge: the words of answers that helped, as a feature."""

from bot.feature import Feature
from bot.knowledge import personal_data

KNOWLEDGE = Feature(name="knowledge", personal_data=personal_data.PERSONAL_DATA)
