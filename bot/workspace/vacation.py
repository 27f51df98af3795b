"""Recognize a vacation in the status of a Slack profile."""

import re

_VACATION_EMOJI = frozenset({"palm_tree", "desert_island", "beach_with_umbrella"})
_VACATION = re.compile(
    r"\b(?:vacation(?:ing)?|on (?:\w+ )?(?:leave|holidays?)|annual leave|ooo"
    r"|out of (?:the )?office|pto|urlaub|vacances|vacaciones|ferien|loma(?:lla)?)\b",
    re.IGNORECASE,
)


def is_on_vacation(status_emoji: str, status_text: str) -> bool:
    """Return True for a status such as ":palm_tree:" or "On vacation"."""
    return status_emoji.strip(":") in _VACATION_EMOJI or bool(
        _VACATION.search(status_text)
    )
