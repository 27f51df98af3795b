"""Errors of the pretend Slack."""

from typing import Any


class SlackError(Exception):
    """A response with `ok: false`: Slack's error code, and extra fields."""

    def __init__(self, error: str, *messages: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra
        if messages:
            self.extra["response_metadata"] = {"messages": list(messages)}


def missing_scope(needed: str, provided: set[str]) -> SlackError:
    return SlackError(
        "missing_scope", needed=needed, provided=",".join(sorted(provided))
    )
