"""The programs feature: what people join, and who runs it."""

from collections.abc import Sequence

from bot.feature import Feature
from bot.programs import champions, pauses, permissions, personal_data
from models import Channel


def _help_lines(_channel: Channel | None) -> Sequence[str]:
    return ["*See the programs here* with `/backswing program`."]


PROGRAMS = Feature(
    name="programs",
    message_types=(*champions.MESSAGE_TYPES, *pauses.MESSAGE_TYPES),
    permissions=permissions.PERMISSIONS,
    message_policies=champions.MESSAGES,
    personal_data=personal_data.PERSONAL_DATA,
    erasure_lines=personal_data.ERASURE_LINES,
    home_sections=(champions.OWN_PROGRAMS,),
    help_lines=_help_lines,
    caretakers=champions.caretakers,
)
