"""The setting of a channel about knowledge."""

from bot.forms.fields import Switch
from bot.forms.setting import column_setting

SUGGESTS_ENTRIES = column_setting(
    Switch(
        name="suggests_entries",
        label="Earlier answers",
        tick_label="Show askers what may have solved their problem before",
        hint="Only the asker sees it, and only if it is probably right.",
    ),
    default=True,
    position=105,
)
