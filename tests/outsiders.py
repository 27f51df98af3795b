"""People who may do nothing, and ids that nothing has."""

from typing import Any

from tests.slack_payloads import user_object

STRANGER, ROBOT, GONE = "U9ZED", "U9ROBO", "U9GONE"
INVALID_IDS = (
    "",
    "0",
    "-1",
    "x",
    "9" * 30,
    "٣",
    "1 OR 1=1",
    "null",
    "1;2",
    "1:x",
    "\x00",
)


def outsiders(**profile: bool) -> dict[str, dict[str, Any]]:
    """Return someone of another organisation, a bot, and a former member."""
    return {
        STRANGER: user_object(STRANGER, "Zed", team_id="T9", **profile),
        ROBOT: user_object(ROBOT, "Robo", is_bot=True, **profile),
        GONE: user_object(GONE, "Gone", deleted=True, **profile),
    }
