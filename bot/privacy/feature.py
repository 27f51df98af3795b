"""The privacy feature: members' own data, and the tables that no feature owns."""

from bot.feature import Feature
from bot.permissions import MANAGE_OWN_DATA
from bot.privacy import blocks, core_tables, redaction, service

PRIVACY = Feature(
    name="privacy",
    message_types=(service.DATA_FILE, redaction.REDACTION),
    permissions=(MANAGE_OWN_DATA,),
    personal_data=core_tables.PERSONAL_DATA,
    erasure_lines=blocks.ERASURE_LINES,
    message_policies=core_tables.MESSAGES,
    help_lines=lambda _channel: [blocks.HELP],
)
