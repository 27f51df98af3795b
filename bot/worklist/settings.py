"""The setting of a champion: Monday's message."""

from collections.abc import Mapping
from typing import Any

from bot.forms.fields import Switch
from bot.workspace.member_settings import column_setting


def _summarize(values: Mapping[str, Any], _zone: str) -> tuple[str, str]:
    return "Monday messages for champions", "on" if values["wants_work_list"] else "off"


MEMBER_SETTINGS = (
    column_setting(
        Switch(
            name="wants_work_list",
            label="For champions",
            tick_label="On Mondays, tell me what I could do",
        ),
        position=75,
        summarize=_summarize,
    ),
)
