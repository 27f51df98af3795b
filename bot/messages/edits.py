"""Tell how recent a message's text is."""

from collections.abc import Mapping
from typing import Any

from bot.clock import ts_to_micros

_SECOND = 1_000_000


def edited_at_micros(message: Mapping[str, Any]) -> int:
    """Return the time of the last edit that a message of Slack's shows; 0 if none.

    Slack rounds it down to a second, but not the time of its event. So it is the end of
    that second: no event is then taken for an edit after the one that the text has.
    """
    edited = message.get("edited")
    if not edited:
        return 0
    micros = ts_to_micros(str(edited["ts"]))
    return micros if micros % _SECOND else micros + _SECOND - 1


def event_micros(event_ts: str, message: Mapping[str, Any]) -> int:
    """Return the time of an edit, from its event and the message in it.

    Slack may send the event in a later second than that which the message shows. The
    text that the message has then must not look older than this edit.
    """
    at = ts_to_micros(event_ts)
    return min(at, edited_at_micros(message) or at)
