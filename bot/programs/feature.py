"""The programs feature: what people join, and who runs it."""

from bot.feature import Feature
from bot.programs import champions, personal_data

PROGRAMS = Feature(
    name="programs",
    message_types=champions.MESSAGE_TYPES,
    message_policies=champions.MESSAGES,
    home_sections=(champions.OWN_PROGRAMS,),
    caretakers=champions.caretakers,
    personal_data=personal_data.PERSONAL_DATA,
    erasure_lines=personal_data.ERASURE_LINES,
)
