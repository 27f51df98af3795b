"""The programs feature: what people join, and who runs it."""

from bot.feature import Feature
from bot.programs import personal_data

PROGRAMS = Feature(
    name="programs",
    personal_data=personal_data.PERSONAL_DATA,
    erasure_lines=personal_data.ERASURE_LINES,
)
