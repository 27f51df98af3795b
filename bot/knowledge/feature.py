"""Knowledge: the words of answers that helped, as a feature."""

from bot.feature import Feature
from bot.knowledge import personal_data, search_tables

KNOWLEDGE = Feature(
    name="knowledge",
    personal_data=(
        *personal_data.PERSONAL_DATA,
        *search_tables.PERSONAL_DATA,
    ),
)
