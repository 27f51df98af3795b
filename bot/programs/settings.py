"""Settings of a member that the form to join fills, too."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.forms.setting import MemberSetting
from bot.programs.join_blocks import PARTICIPATION, TOPICS_WANTED
from bot.workspace.member_settings import column_setting


def _summarize_participation(values: Mapping[str, Any], _zone: str) -> tuple[str, str]:
    texts = {name: label for name, label, _ in PARTICIPATION.choices}
    return "How you take part", texts[values["participation"]].lower()


PARTICIPATION_SETTING = column_setting(
    replace(PARTICIPATION, label="How I take part"),
    position=14,
    summarize=_summarize_participation,
)
MEMBER_SETTINGS: Sequence[MemberSetting] = (
    column_setting(TOPICS_WANTED, position=12),
    PARTICIPATION_SETTING,
)
