"""Tell how recent a message's text is."""

from collections.abc import Mapping
from typing import Any

from bot.clock import ts_to_micros

_SECOND = 1_000_000


def edited_at_micros(message: Mapping[str, Any]) -> int:
    """Return the time of the last edit that a message of Slack's shows; 0 if none.

    Slack rounds it down to a second, but not the time of its event, which is in the
    same second in all events that we have seen. So it is the end of that second: no
    event is then taken for an edit after the one that the text has.
    """
    edited = message.get("edited")
    if not edited:
        return 0
    micros = ts_to_micros(str(edited["ts"]))
    return micros if micros % _SECOND else micros + _SECOND - 1
