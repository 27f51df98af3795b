"""Words that somebody types after a command, or writes to the bot itself."""

import re
from collections.abc import Callable
from typing import Any

HELP_PHRASES = ("help", "help me", "please help", "help please", "?")

_OUTER_PUNCTUATION = re.compile(r"^[\W_]+|[\W_]+$")


def normalize_phrase(text: str) -> str:
    """The words in any case and spacing, without the punctuation around them."""
    typed = " ".join(text.casefold().split())
    return _OUTER_PUNCTUATION.sub("", typed) or typed[:1]


def subcommand(*phrases: str) -> list[Callable[[dict[str, Any]], bool]]:
    """Matchers for one of the phrases; "" is nothing typed.

    Whoever listens to a command for all the rest comes last.
    """

    def is_said(body: dict[str, Any]) -> bool:
        return normalize_phrase(str(body.get("text") or "")) in phrases

    return [is_said]
